using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Api;

/// <summary>What is posted to <c>/orders</c>.</summary>
internal sealed record Order(string Id, int Quantity, string Note);

/// <summary>What <c>/orders</c> answers: the id that was asked for, and which API process answered.</summary>
internal sealed record OrderAnswer(string Id, SlotName Slot, string Version);
