using System.Net;

namespace Dialtone.Chat;

/// <summary>Somebody who is here, as the operator sees them.</summary>
/// <param name="Name">Their name; for a plain sender the address.</param>
/// <param name="Tongue">How they speak.</param>
/// <param name="Address">Where they are.</param>
/// <param name="IsVerified">Whether the address is proven.</param>
/// <param name="Account">The account they logged in as; null without one.</param>
/// <param name="Since">When they came.</param>
/// <param name="LastSeen">When they last said or asked something.</param>
/// <param name="Rooms">The rooms they are in.</param>
/// <param name="Unanswered">How many of their messages wait for the operator.</param>
/// <param name="IsMuted">Whether nobody hears them.</param>
public sealed record ChatParticipantInfo(
    string Name, ChatTongue Tongue, EndPoint? Address, bool IsVerified, string? Account, DateTimeOffset Since, DateTimeOffset LastSeen,
    IReadOnlyList<string> Rooms, int Unanswered, bool IsMuted);
