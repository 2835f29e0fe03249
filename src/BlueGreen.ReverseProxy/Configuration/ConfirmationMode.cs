namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Bake:Confirm</c>: whether an alarm of a bake is confirmed before it is acted on.</summary>
public enum ConfirmationMode
{
    /// <summary>Both slots serve for as long as it takes to compare them, unless the switch was exclusive or clients have sessions.</summary>
    Auto = 0,

    /// <summary>The new slot is held against the old one's past alone.</summary>
    Never = 1,
}
