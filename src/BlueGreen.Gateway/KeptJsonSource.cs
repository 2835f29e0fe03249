using Microsoft.Extensions.Configuration.Json;

namespace BlueGreen.Gateway;

/// <summary>
/// A configuration file that is read again when it changes, and keeps what it had when the change can't be read. The framework's own
/// source would have nothing in it then: the next change of another file would take all routes away, and all tokens.
/// </summary>
internal sealed class KeptJsonSource : JsonConfigurationSource
{
    public KeptJsonSource(string path)
    {
        Path = path;
        Optional = false;
        ReloadOnChange = true;
        ResolveFileProvider();
    }

    public override IConfigurationProvider Build(IConfigurationBuilder builder)
    {
        EnsureDefaults(builder);
        return new Provider(this);
    }

    private sealed class Provider(JsonConfigurationSource source) : JsonConfigurationProvider(source)
    {
        private bool _loaded;

        public override void Load(Stream stream)
        {
            try
            {
                base.Load(stream);
                _loaded = true;
            }
            catch (FormatException exception) when (_loaded)
            {
                // Not through the logger: the configuration is there before it, and the logger is made of the configuration.
                Console.Error.WriteLine($"{Source.Path} has changed and is not JSON any more; what it had before stays: {exception.InnerException?.Message ?? exception.Message}");
            }
        }
    }
}
