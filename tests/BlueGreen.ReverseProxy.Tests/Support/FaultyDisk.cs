using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Win32.SafeHandles;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>What goes wrong.</summary>
internal enum DiskFault
{
    /// <summary>The call fails and has done nothing.</summary>
    Error,

    /// <summary>A write fails after a part of it; any other call fails.</summary>
    Torn,

    /// <summary>The process is killed before the call.</summary>
    KilledBefore,

    /// <summary>The process is killed right after the call.</summary>
    KilledAfter,
}

/// <summary>Stands for kill -9: what was written is there, and nobody goes on.</summary>
internal sealed class KilledException : Exception;

/// <summary>The real disk, of which one call goes wrong.</summary>
internal sealed class FaultyDisk : Disk
{
    private int _callsLeft = -1;
    private DiskFault _fault;

    /// <summary>Which calls were made since <see cref="FailAt"/>, in order.</summary>
    public List<string> Calls { get; } = [];

    public bool HasFailed { get; private set; }

    /// <summary>Arms the disk: so many calls go well, the next one does not.</summary>
    public void FailAt(int call, DiskFault fault)
    {
        (_callsLeft, _fault, HasFailed) = (call, fault, false);
        Calls.Clear();
    }

    public void Repair() => _callsLeft = -1;

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (IsNext("write"))
        {
            if (_fault != DiskFault.Error && _fault != DiskFault.KilledBefore)
            {
                base.Write(file, _fault == DiskFault.KilledAfter ? bytes : bytes[..(bytes.Length / 2)], offset);
            }

            Fail();
        }

        base.Write(file, bytes, offset);
    }

    public override void Truncate(SafeFileHandle file, long length)
    {
        var call = (file, length);
        Around("truncate", () => base.Truncate(call.file, call.length));
    }

    public override void Flush(SafeFileHandle file, string path) => Around("flush", () => base.Flush(file, path));

    public override void Replace(string temporary, string path, string previousPath) => Around("replace", () => base.Replace(temporary, path, previousPath));

    public override void Rename(string from, string to) => Around("rename", () => base.Rename(from, to));

    public override void Delete(string path) => Around("delete", () => base.Delete(path));

    public override void FlushFolder(string folder) => Around("flushFolder", () => base.FlushFolder(folder));

    private void Around(string name, Action call)
    {
        if (IsNext(name))
        {
            if (_fault == DiskFault.KilledAfter)
            {
                call();
            }

            Fail();
        }

        call();
    }

    private bool IsNext(string name)
    {
        Calls.Add(name);
        return _callsLeft >= 0 && _callsLeft-- == 0;
    }

    private void Fail()
    {
        HasFailed = true;
        throw _fault is DiskFault.KilledBefore or DiskFault.KilledAfter ? new KilledException() : new IOException("Input/output error");
    }
}
