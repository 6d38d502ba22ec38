namespace Dialtone.Chat;

/// <summary>What became of a message, told to whoever sent it; the last one for a message has <c>Delivered + Failed == Of</c>.</summary>
/// <param name="MessageId">Which message.</param>
/// <param name="Room">The room it was said in; null for a direct message.</param>
/// <param name="Delivered">How many have it: acknowledged by a native client, taken by the system for any other.</param>
/// <param name="Failed">How many will never have it.</param>
/// <param name="Of">How many it was for, without the sender.</param>
public sealed record ChatDelivery(long MessageId, string? Room, int Delivered, int Failed, int Of) : ChatEvent;
