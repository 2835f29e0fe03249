using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Writes that are on the disk when they return.</summary>
internal static partial class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>
    /// Replaces a file as a whole, keeping the one before. At every moment, power loss included, the name leads to the old file or
    /// to the new one, complete.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="previousPath">Where the one before is kept.</param>
    /// <param name="content">What is in it from now on.</param>
    /// <param name="mode">Who may read it, where files have such a thing; null for what the process's mask says.</param>
    /// <exception cref="IOException">Not written; the file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written; the file is as it was.</exception>
    public static void Replace(string path, string previousPath, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        var temporary = path + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        // With a file to replace, File.Replace links it to the backup's name before it renames over it: there is no moment
        // without a file under the name.
        var hadFile = File.Exists(path);
        if (hadFile)
        {
            File.Replace(temporary, path, previousPath);
        }
        else
        {
            File.Move(temporary, path);
        }

        try
        {
            FlushFolderOf(path);
        }
        catch (IOException) when (hadFile)
        {
            // The rename may or may not be on the disk, and the caller is told "not written": take it back.
            File.Move(previousPath, path, overwrite: true);
            throw;
        }
    }

    /// <summary>Has the folder's entries written to the disk, which makes a rename or a new file in it durable.</summary>
    public static void FlushFolderOf(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            // NTFS journals its folders; there is no call to wait for it.
            return;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Can't open the folder {folder}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw new IOException($"Can't flush the folder {folder}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
