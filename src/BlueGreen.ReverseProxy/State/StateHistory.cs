using System.Security.Cryptography;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Names a line of revisions. See <see cref="GatewayState.History"/>.</summary>
internal static class StateHistory
{
    private const int Length = 8;

    public static string New() => RandomNumberGenerator.GetHexString(Length, lowercase: true);
}
