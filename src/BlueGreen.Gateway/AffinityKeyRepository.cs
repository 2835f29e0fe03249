using System.Xml.Linq;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.AspNetCore.DataProtection.Repositories;

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
        using var content = new MemoryStream();
        element.Save(content);
        var path = Path.Combine(Directory.FullName, friendlyName + ".xml");
        DurableFile.Replace(path, path + ".previous", content.ToArray(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
