using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Api;

/// <summary>What is posted to <c>/orders</c>.</summary>
internal sealed record Order(string Id, int Quantity, string Note);

/// <summary>What <c>/orders</c> answers: the id that was asked for, which API process answered, what the order costs, and when that was said.</summary>
internal sealed record OrderAnswer(string Id, SlotName Slot, string Version, decimal Total, DateTimeOffset AnsweredAt);
