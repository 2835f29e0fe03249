namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>What is idle.</summary>
internal enum IdleKind
{
    /// <summary>WebSockets, each after one message there and back.</summary>
    WebSockets = 0,

    /// <summary>HTTP/1.1 connections kept alive, each after one request.</summary>
    Requests = 1,
}
