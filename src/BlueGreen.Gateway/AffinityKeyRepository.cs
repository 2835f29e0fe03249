using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway;

/// <summary>The keys of affinity cookies, as files in a folder, of which only the gateway's user reads any.</summary>
/// <remarks>
/// The library writes a new key by way of the machine's folder for temporary files. In a container with a read-only file system there
/// is none to write to, and each encrypted cookie would fail its request.
/// </remarks>
internal sealed class AffinityKeyRepository(DirectoryInfo folder, ILoggerFactory loggers) : FileSystemXmlRepository(folder, loggers)
{
    public override void StoreElement(XElement element, string friendlyName)
    {
        ArgumentNullException.ThrowIfNull(element);
        var path = Path.Combine(Directory.FullName, friendlyName + ".xml");
        var temporary = path + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // Read by another process only as a whole: two gateways share the folder while one hands over to the other.
        using (var file = new FileStream(temporary, options))
        {
            element.Save(file);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
