namespace BlueGreen.Quickstart;

/// <summary>Something did not go as it should have; the message says what, for people.</summary>
internal sealed class QuickstartException(string message) : Exception(message);
