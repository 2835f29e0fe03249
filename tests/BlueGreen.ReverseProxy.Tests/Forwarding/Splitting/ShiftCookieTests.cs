using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Splitting;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Forwarding.Splitting;

public sealed class ShiftCookieTests
{
    private const string Release = "r1-394f28";

    [Theory]
    [InlineData("bluegreen-shift.r1-394f28=new.0a", true, "0a")]
    [InlineData("a=1; bluegreen-shift.r1-394f28=old.0a; b=2", false, "0a")]
    [InlineData("bluegreen-shift.r1-394f28=old.0a; bluegreen-shift.r1-394f28=new.0b", true, "0b")]
    public void Read_OfThisRelease_IsTheSideOfTheClient(string cookies, bool isNew, string id)
    {
        ShiftCookie.Read(Sent(cookies), Release).Should().Be((isNew, id));
    }

    // What another release has left behind, and what the gateway has never written, counts for nothing.
    [Theory]
    [InlineData("bluegreen-shift.r2-394f28=new.0a")]
    [InlineData("bluegreen-shift.r1-394f28=")]
    [InlineData("bluegreen-shift.r1-394f28=new.")]
    [InlineData("bluegreen-shift.r1-394f28=newer")]
    [InlineData("bluegreen-shift.r1-394f28")]
    [InlineData("bluegreen-shift.r1-394f280=new.0a")]
    [InlineData("a=bluegreen-shift.r1-394f28")]
    [InlineData("")]
    public void Read_OfAnythingElse_IsNothing(string cookies)
    {
        ShiftCookie.Read(Sent(cookies), Release).Should().BeNull();
    }

    [Fact]
    public void Read_OfAnIdThatIsLongerThanAnyOfOurs_IsNothing()
    {
        ShiftCookie.Read(Sent($"bluegreen-shift.{Release}=new.{new string('0', 1000)}"), Release).Should().BeNull();
    }

    [Fact]
    public void Take_LeavesTheApiTheOtherCookiesOnly()
    {
        var headers = new HeaderDictionary { ["Cookie"] = $"a=1; bluegreen-shift.{Release}=new.0a; bluegreen-shift.r9=x; bluegreen-preview=T; b=2" };

        GatewayCookies.Take(headers);

        headers["Cookie"].ToString().Should().Be("a=1; b=2");
    }

    // The first request is decided by the id that its cookie will hold, or the second one could be decided otherwise.
    [Fact]
    public void IdFor_OneRequest_IsTheSameAtEachLook()
    {
        var (one, other) = (Sent(""), Sent(""));

        ShiftCookie.IdFor(one).Should().Be(ShiftCookie.IdFor(one)).And.NotBe(ShiftCookie.IdFor(other));
    }

    [Fact]
    public void Set_OverHttps_IsSecure()
    {
        ShiftCookie.Set(Release, isNew: true, "0a", isSecure: true).Should().Be($"bluegreen-shift.{Release}=new.0a; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax; Secure");
        ShiftCookie.Set(Release, isNew: false, "0a", isSecure: false).Should().Be($"bluegreen-shift.{Release}=old.0a; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax");
    }

    private static DefaultHttpContext Sent(string cookies)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = cookies;
        ShiftCookie.Keep(context, GatewayCookies.Take(context.Request.Headers));
        return context;
    }
}
