using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests.Pictures;

/// <summary>Draws a picture of the documentation, when it is asked to: no two runs look the same, so there is nothing to compare.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PictureFactAttribute : FactAttribute
{
    public PictureFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") != "1")
        {
            Skip = "UPDATE_DOCS=1 draws the pictures.";
        }
        else if (!OperatingSystem.IsLinux() || ToolsFactAttribute.Find("script") is null)
        {
            Skip = "Needs Linux and script(1).";
        }
    }
}
