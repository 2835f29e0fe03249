using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Releases;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Previews;

public sealed class PreviewOrdersTests
{
    private static readonly PreviewOrder Order = new(Ordering.Ci, "ticket", IdempotencyKey: null, RequestHash: null);

    private readonly StateChange _none = States.Of("orders", "users").Change();

    [Fact]
    public void Make_TheFirst_MakesTheKeyToo()
    {
        var (change, outcome) = Make(_none, 1);

        change!.State.Preview!.Keys.Should().Equal(Key(1));
        change.State.Preview.Tokens.Should().Equal(outcome.Token!);
        outcome.Should().BeEquivalentTo(new { Refused = (object?)null, Key = Key(1) });
        outcome.Token.Should().BeEquivalentTo(new
        {
            Id = "0000000000000001",
            Service = "orders",
            Slot = PreviewSlot.Standby,
            CreatedAt = States.Now,
            ExpiresAt = new DateTimeOffset(2024, 5, 1, 13, 0, 0, TimeSpan.Zero),
            Actor = "ci",
            Reason = "ticket",
        });
        change.Services.Should().BeSameAs(_none.Services, "no cutover that is in progress becomes stale by it");
        change.Events.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Type = "previewTokenCreated", Services = new[] { "orders" } });
        change.Audit.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Action = "createPreviewToken", Result = "done", Actor = "ci", Reason = "ticket" });
        $"{change.State} {change.State.Preview} {change.State.Preview.Keys[0]} {string.Join(' ', change.Events)} {string.Join(' ', change.Audit)}".Should().NotContain(Key(1).Secret);
    }

    [Fact]
    public void Make_TheSecond_IsSignedByTheSameKey()
    {
        var second = Make(Make(_none, 1).Change!, 2);

        second.Change!.State.Preview!.Keys.Should().Equal(Key(1));
        second.Result.Key.Should().Be(Key(1));
        second.Change.State.Preview.Tokens.Should().HaveCount(2);
    }

    [Fact]
    public void Make_WhereTokensHaveExpired_ForgetsThem()
    {
        var first = Make(_none, 1).Change!;

        var second = Make(first, 2, now: States.Now.AddHours(2)).Change!;

        second.State.Preview!.Tokens.Select(token => token.Id).Should().Equal("0000000000000002");
    }

    [Fact]
    public void Make_MoreThanMayCount_IsRefusedForThatServiceUntilOneIsRevokedOrExpires()
    {
        var full = Enumerable.Range(1, PreviewOrders.MaxLive).Aggregate(_none, (change, id) => Make(change, id).Change!);

        var (change, outcome) = Make(full, 999);
        change.Should().BeNull();
        outcome.Refused!.Code.Should().Be(ProblemCodes.TooManyPreviewTokens);
        Make(full, 999, service: "users").Change.Should().NotBeNull();
        Make(full, 999, now: States.Now.AddHours(1)).Change.Should().NotBeNull();
        Make(Take(full, 7).Change!, 999).Change.Should().NotBeNull();
    }

    // Revoked ones are kept until they expire, so somebody who makes and revokes without end would fill the state.
    [Fact]
    public void Make_AndRevokeWithoutEnd_IsBounded()
    {
        var change = _none;
        for (var id = 1; id <= PreviewOrders.MaxKnown; id++)
        {
            change = Take(Make(change, id).Change!, id).Change!;
        }

        Make(change, 999).Result.Refused!.Code.Should().Be(ProblemCodes.TooManyPreviewTokens);
        Renew(change, 5, revoke: true).Change!.State.Preview!.Tokens.Should().BeEmpty();
    }

    [Fact]
    public void Make_AgainUnderItsKey_IsTheSameTokenAndNoChange()
    {
        var order = Order with { IdempotencyKey = "k", RequestHash = "h" };
        var (first, outcome) = Make(_none, 1, order: order);

        var again = PreviewOrders.Make(Committed(first!), Wanted(2), Key(2), order, States.Now);
        again.Change.Should().BeNull();
        again.Result.Should().Be(outcome);
        PreviewOrders.Make(Committed(first!), Wanted(2), Key(2), order with { RequestHash = "other" }, States.Now).Result.Refused!.Code.Should().Be(ProblemCodes.IdempotencyMismatch);
        PreviewOrders.Make(Committed(first!), Wanted(2), Key(2), order, States.Now.AddHours(1)).Result.Refused!.Code.Should().Be(ProblemCodes.PreviewTokenGone);
    }

    // The answer of the first call was lost, somebody has revoked the token since: it must not come back by the second try.
    [Fact]
    public void Make_AgainUnderItsKeyAfterItWasRevoked_IsRefused()
    {
        var order = Order with { IdempotencyKey = "k", RequestHash = "h" };
        var made = Make(_none, 1, order: order).Change!;
        var revoked = Take(made, 1).Change!;
        var committed = new Committed(revoked.State, new RecentRecords().Apply(made).Apply(revoked));

        PreviewOrders.Make(committed, Wanted(2), Key(2), order, States.Now).Result.Refused!.Code.Should().Be(ProblemCodes.PreviewTokenGone);
    }

    [Fact]
    public void Revoke_OnceAndAgain_IsOneChange()
    {
        var made = Make(_none, 1).Change!;

        var (change, outcome) = Take(made, 1);
        outcome.Token!.RevokedAt.Should().Be(States.Now);
        change!.Events[^1].Type.Should().Be("previewTokenRevoked");
        change.Audit[^1].Action.Should().Be("revokePreviewToken");
        var again = Take(change, 1);
        again.Change.Should().BeNull();
        again.Result.Token.Should().Be(outcome.Token);
        Verify(change, Text(made)).Should().Be(PreviewFault.Revoked);
    }

    // The clock is set back by less than the margin, after something else has forgotten what has expired.
    [Fact]
    public void Revoke_OfATokenThatHasExpiredSince_HoldsWhenTheClockIsSetBack()
    {
        var made = Make(_none, 1).Change!;
        var revoked = Take(made, 1).Change!;

        var later = Make(revoked, 2, now: States.Now.AddMinutes(119)).Change!;

        Verify(later, Text(made)).Should().Be(PreviewFault.Revoked);
        Make(revoked, 2, now: States.Now.AddMinutes(121)).Change!.State.Preview!.Tokens.Should().HaveCount(1);
    }

    [Fact]
    public void Revoke_OfAnotherServiceOrUnknown_IsRefused()
    {
        var made = Make(_none, 1).Change!;

        PreviewOrders.Take(Committed(made), "users", "0000000000000001", Order, States.Now).Result.Refused!.Code.Should().Be(ProblemCodes.UnknownPreviewToken);
        Take(made, 2).Result.Refused!.Code.Should().Be(ProblemCodes.UnknownPreviewToken);
    }

    [Fact]
    public void Rotate_KeyBefore_VerifiesUntilItsLastTokenHasExpired()
    {
        var made = Make(Make(_none, 1).Change!, 2, now: States.Now.AddMinutes(30)).Change!;
        var text = Text(made);

        var rotated = Renew(made, 5, revoke: false).Change!;

        rotated.State.Preview!.Keys.Select(key => (key.Id, key.VerifiesUntil)).Should().Equal(("00000001", made.State.Preview!.Tokens[1].ExpiresAt), ("00000005", null));
        Verify(rotated, text).Should().Be(PreviewFault.None);
        var third = Make(rotated, 3);
        third.Result.Key!.Id.Should().Be("00000005");
        Make(rotated, 4, now: States.Now.AddHours(2)).Change!.State.Preview!.Keys.Select(key => key.Id).Should().Equal("00000005");
        rotated.Events[^1].Type.Should().Be("previewKeyRotated");
        rotated.Audit[^1].Should().BeEquivalentTo(new { Action = "rotatePreviewKey", Services = new[] { "orders" } });
    }

    [Fact]
    public void Rotate_Again_LeavesWhatWasReplacedBefore()
    {
        var made = Make(_none, 1).Change!;
        var rotated = Renew(Make(Renew(made, 5, revoke: false).Change!, 2, now: States.Now.AddMinutes(10)).Change!, 6, revoke: false).Change!;

        rotated.State.Preview!.Keys.Select(key => key.VerifiesUntil).Should().Equal(made.State.Preview!.Tokens[0].ExpiresAt, rotated.State.Preview.Tokens[1].ExpiresAt, null);
        Verify(rotated, Text(made)).Should().Be(PreviewFault.None);
    }

    [Fact]
    public void Rotate_WhereNoTokenIsLeft_ForgetsTheKeyBefore() =>
        Renew(Take(Make(_none, 1).Change!, 1).Change!, 5, revoke: false).Change!.State.Preview!.Keys.Select(key => key.Id).Should().Equal("00000005");

    [Fact]
    public void Rotate_WithRevoke_NoTokenCounts()
    {
        var made = Make(_none, 1).Change!;

        var rotated = Renew(made, 5, revoke: true);

        Verify(rotated.Change!, Text(made)).Should().Be(PreviewFault.UnknownKey);
        rotated.Result.Done!.Revoked.Should().Be(1);
    }

    [Fact]
    public void State_WithPreviews_ComesBackFromTheDocument()
    {
        var state = Take(Make(Make(_none, 1).Change!, 2).Change!, 1).Change!.State;

        var read = StateDocument.Read(StateDocument.Write(state, [])).State;

        read.Preview.Should().BeEquivalentTo(state.Preview, options => options.WithStrictOrdering());
    }

    // A build that knows no previews reads a state without them.
    [Fact]
    public void State_WithoutPreviews_SaysNothingOfThem() =>
        System.Text.Encoding.UTF8.GetString(StateDocument.Write(_none.State, [])).Should().NotContain("preview");

    [Theory]
    [InlineData("\"secret\":\"AQ")]
    [InlineData("\"id\":\"0000000000000001\"")]
    [InlineData("\"id\":\"00000001\"")]
    [InlineData("\"service\":\"orders\",")]
    public void State_WithABadKeyOrToken_IsRefusedAtTheStart(string part)
    {
        var body = System.Text.Json.JsonSerializer.Serialize(Take(Make(_none, 1).Change!, 1).Change!.State, StateJson.Default.GatewayState);
        var damaged = body.Replace(part, part[^1] == ',' ? "" : part.Contains("secret", StringComparison.Ordinal) ? "\"secret\":\"?" : part.Replace("0000", "zz", StringComparison.Ordinal), StringComparison.Ordinal);
        damaged.Should().NotBe(body);
        var state = System.Text.Json.JsonSerializer.Deserialize(damaged, StateJson.Default.GatewayState)!;

        FluentActions.Invoking(() => StateShape.Checked(state)).Should().Throw<InvalidDataException>();
    }

    private static PreviewKeyState Key(int number) => new($"{number:x8}", Convert.ToBase64String([.. Enumerable.Range(number, PreviewToken.KeyBytes).Select(value => (byte)value)]), States.Now);

    private static WantedToken Wanted(int id, string service = "orders") => new(service, PreviewSlot.Standby, TimeSpan.FromHours(1), $"{id:x16}");

    private static Decision<PreviewOutcome> Make(StateChange change, int id, string service = "orders", PreviewOrder? order = null, DateTimeOffset? now = null) =>
        PreviewOrders.Make(Committed(change), Wanted(id, service), Key(id), order ?? Order, now ?? States.Now);

    private static Decision<PreviewOutcome> Take(StateChange change, int id) => PreviewOrders.Take(Committed(change), "orders", $"{id:x16}", Order, States.Now);

    private static Decision<(Refusal? Refused, RotationOutcome? Done)> Renew(StateChange change, int key, bool revoke) => PreviewOrders.Renew(Committed(change), Key(key), revoke, Order, States.Now);

    private static Committed Committed(StateChange change) => new(change.State, new RecentRecords().Apply(change));

    private static string Text(StateChange change)
    {
        var token = change.State.Preview!.Tokens[0];
        return PreviewToken.Write(new(token.Number, Key(1).Number, token.Service, token.Slot, token.ExpiresAt.ToUnixTimeSeconds()), Convert.FromBase64String(Key(1).Secret));
    }

    private static PreviewFault Verify(StateChange change, string text) => change.State.Preview!.ToKeyring().Verify(text, "orders", States.Now, out _);
}
