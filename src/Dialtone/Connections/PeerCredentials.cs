namespace Dialtone;

/// <summary>Who is at the other end of a Unix socket, as the kernel vouches for it (SO_PEERCRED).</summary>
/// <param name="ProcessId">The process that connected.</param>
/// <param name="UserId">Its effective user.</param>
/// <param name="GroupId">Its effective group.</param>
public readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId);
