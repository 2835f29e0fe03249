using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>The calls that durability depends on, each checked. Tests make them fail one by one.</summary>
internal partial class Disk
{
    private const int ReadOnly = 0;
    private const int Interrupted = 4;

    // SIGXFSZ, on Linux and macOS. A write past the limit of file sizes (ulimit -f, LimitFSIZE=) sends it, and it ends the process
    // unless somebody takes it; then the write fails like one to a full disk.
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    private static readonly PosixSignalRegistration? FileSizeSignal = OperatingSystem.IsWindows()
        ? null
        : PosixSignalRegistration.Create(FileSizeExceeded, static signal => signal.Cancel = true);

    protected Disk()
    {
    }

    public static Disk Real { get; } = new();

    /// <summary>Reads a file whole.</summary>
    public virtual byte[] Read(string path) => File.ReadAllBytes(path);

    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // What the framework makes of EFBIG.
            throw new IOException("The file is larger than this process may make a file (ulimit -f, LimitFSIZE=).", exception);
        }
    }

    public virtual void Truncate(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    /// <summary>Has a file's content written to the disk.</summary>
    /// <remarks>
    /// FileStream.Flush(true) and RandomAccess.FlushToDisk do not report a failure on Unix, so the call is made here. After a
    /// failure nobody knows what is on the disk, and asking again says "done" without doing it: the caller must not go on with the
    /// same file.
    /// </remarks>
    /// <exception cref="IOException">Not written.</exception>
    public virtual void Flush(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        var (error, message) = RetryInterrupted(() => Fsync(file));
        if (error != 0)
        {
            throw new IOException($"Can't flush {path} to the disk: {message}");
        }
    }

    /// <summary>Puts a file in the place of another one, which is kept under a third name. There is no moment without a file under the name.</summary>
    public virtual void Replace(string temporary, string path, string previousPath) => File.Replace(temporary, path, previousPath);

    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Has a folder's entries written to the disk, which makes a rename or a new file in it durable.</summary>
    /// <exception cref="IOException">Not written.</exception>
    public virtual void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            // NTFS journals its folders; there is no call to wait for it.
            return;
        }

        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Can't open the folder {folder}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            var (error, message) = RetryInterrupted(() => Fsync(descriptor));
            if (error != 0)
            {
                throw new IOException($"Can't flush the folder {folder}: {message}");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static (int Error, string Message) RetryInterrupted(Func<int> call)
    {
        while (true)
        {
            if (call() == 0)
            {
                return (0, "");
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                return (error, Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
