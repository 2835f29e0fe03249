namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Writes whole files that are on the disk when the call returns.</summary>
internal static class DurableFile
{
    /// <summary>
    /// Replaces a file as a whole, keeping the one before. At every moment, power loss included, the name leads to the old file or
    /// to the new one, complete.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="previousPath">Where the one before is kept; null to keep it nowhere, and then a call that fails may have replaced it.</param>
    /// <param name="content">What is in it from now on.</param>
    /// <param name="mode">Who may read it, where files have such a thing; null for what the process's mask says.</param>
    /// <param name="disk">The disk; the real one by default.</param>
    /// <exception cref="IOException">Not written; the file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written; the file is as it was.</exception>
    public static void Replace(string path, string? previousPath, ReadOnlySpan<byte> content, UnixFileMode? mode = null, Disk? disk = null)
    {
        disk ??= Disk.Real;
        var temporary = path + ".tmp";
        Write(temporary, content, mode, disk);

        // With a file to replace, it is linked to the backup's name before the rename goes over it.
        var isKept = previousPath is not null && File.Exists(path);
        if (isKept)
        {
            disk.Replace(temporary, path, previousPath!);
        }
        else
        {
            disk.Rename(temporary, path);
        }

        try
        {
            disk.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (IOException) when (isKept)
        {
            // The rename may or may not be on the disk, and the caller is told "not written": take it back.
            disk.Rename(previousPath!, path);
            throw;
        }
        catch (IOException) when (previousPath is not null)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes the content beside a file, as <see cref="Replace"/> begins, and deletes it: the file is as it was.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public static void Try(string path, ReadOnlySpan<byte> content, Disk disk)
    {
        var temporary = path + ".tmp";
        Write(temporary, content, mode: null, disk);
        disk.Delete(temporary);
    }

    private static void Write(string temporary, ReadOnlySpan<byte> content, UnixFileMode? mode, Disk disk)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var file = new FileStream(temporary, options);
        disk.Write(file.SafeFileHandle, content, 0);
        try
        {
            disk.Flush(file.SafeFileHandle, temporary);
        }
        catch (IOException)
        {
            // The next try gets a file of its own: one whose flush has failed can't be trusted any more.
            File.Delete(temporary);
            throw;
        }
    }
}
