using System.IO.Pipelines;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.LongLived;

/// <summary>When a reader that was asked to leave does.</summary>
public sealed class GracefulCloseReaderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Pipe _pipe = new();
    private readonly ManualTime _time = new();
    private readonly byte[] _buffer = new byte[1024];

    [Fact]
    public async Task Wait_Idle_LeavesAsSoonAsItIsAsked()
    {
        var reader = Reader();
        _time.Advance(TimeSpan.FromSeconds(1));
        var wait = reader.WaitAsync(CancellationToken.None).AsTask();
        wait.IsCompleted.Should().BeFalse();

        reader.RequestClose(Patience);

        (await wait.WaitAsync(TestTime.Limit)).Should().BeFalse();
    }

    [Fact]
    public async Task Wait_SomethingWasJustSentTheOtherWay_LeavesOnlyAfterAPause()
    {
        var reader = Reader();
        reader.NoteActivity();
        reader.RequestClose(Patience);
        var wait = reader.WaitAsync(CancellationToken.None).AsTask();
        await _time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(50));
        wait.IsCompleted.Should().BeFalse();

        _time.Advance(TimeSpan.FromMilliseconds(50));

        (await wait.WaitAsync(TestTime.Limit)).Should().BeFalse();
    }

    [Fact]
    public async Task Wait_InTheMiddleOfAMessage_LeavesOnlyAfterItsEnd()
    {
        var reader = Reader();
        await WriteAsync([0, 0, 0, 0, 4, 1, 2]);
        (await ReadAsync(reader)).Should().Be(7);
        reader.RequestClose(TimeSpan.Zero);
        var wait = reader.WaitAsync(CancellationToken.None).AsTask();
        wait.IsCompleted.Should().BeFalse("half a message was passed on");

        await WriteAsync([3, 4]);
        (await wait.WaitAsync(TestTime.Limit)).Should().BeTrue();
        (await reader.ReadAsync(_buffer, CancellationToken.None)).Should().Be(2);

        (await reader.WaitAsync(CancellationToken.None)).Should().BeFalse();
    }

    // Pieces that never end with a message: what comes after the last whole one is left behind.
    [Fact]
    public async Task Read_PatienceIsOver_EndsWithTheLastWholeMessage()
    {
        var reader = Reader();
        await WriteAsync([0, 0, 0]);
        (await ReadAsync(reader)).Should().Be(3);
        reader.RequestClose(TimeSpan.Zero);
        await WriteAsync([0, 1, 9, 0, 0]);

        (await ReadAsync(reader)).Should().Be(3, "two bytes of the prefix and one of the message");

        (await reader.WaitAsync(CancellationToken.None)).Should().BeFalse();
    }

    [Fact]
    public async Task Wait_WhileDataKeepsComing_PassesItOnUntilPatienceIsOver()
    {
        var reader = Reader();
        reader.RequestClose(Patience);
        for (var index = 0; index < 3; index++)
        {
            await WriteAsync([0, 0, 0, 0, 1, 7]);
            (await ReadAsync(reader)).Should().Be(6);
        }

        await WriteAsync([0, 0, 0, 0, 1, 7]);
        _time.Advance(Patience);

        (await reader.WaitAsync(CancellationToken.None)).Should().BeFalse();
    }

    [Fact]
    public async Task Wait_AskedToLeaveAndThenToStay_GoesOn()
    {
        var reader = Reader();
        reader.NoteActivity();
        reader.RequestClose(Patience);
        var wait = reader.WaitAsync(CancellationToken.None).AsTask();
        await _time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(50));

        reader.CancelClose();
        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync([1]);

        (await wait.WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    // The read that was pending when it left is the one that goes on: nothing is read twice, and nothing is lost.
    [Fact]
    public async Task ReadOn_AfterItIsClosedByGateway_FindsWhatCame()
    {
        var reader = Reader();
        _time.Advance(TimeSpan.FromSeconds(1));
        reader.RequestClose(Patience);
        (await reader.WaitAsync(CancellationToken.None)).Should().BeFalse();
        var read = reader.ReadAfterCloseAsync(_buffer, CancellationToken.None).AsTask();

        await WriteAsync([1, 2, 3]);

        (await read.WaitAsync(TestTime.Limit)).Should().Be(3);
        _buffer[..3].Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task Wait_Cancelled_Throws()
    {
        using var cancel = new CancellationTokenSource();
        var reader = Reader();
        var wait = reader.WaitAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await wait.Awaiting(task => task.WaitAsync(TestTime.Limit)).Should().ThrowAsync<OperationCanceledException>();
    }

    private GracefulCloseReader Reader() => new(_pipe.Reader.AsStream(), new GrpcScanner(), waitsForPause: true, _time);

    private async Task<int> ReadAsync(GracefulCloseReader reader)
    {
        (await reader.WaitAsync(CancellationToken.None).AsTask().WaitAsync(TestTime.Limit)).Should().BeTrue();
        return await reader.ReadAsync(_buffer, CancellationToken.None);
    }

    private async Task WriteAsync(byte[] data) => await _pipe.Writer.WriteAsync(data);
}
