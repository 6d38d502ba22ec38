namespace Dialtone.Files;

/// <summary>What a server says of itself and of the caller.</summary>
/// <param name="Version">The version of the native protocol in use.</param>
/// <param name="Server">Its program, for people.</param>
/// <param name="User">Who has logged in; null for a stranger.</param>
/// <param name="Rights">What the caller may do at the top of what it sees.</param>
public sealed record ServerInfo(int Version, string Server, string? User, FileRights Rights);

/// <summary>How much of its quota an account uses.</summary>
/// <param name="Bytes">Bytes in use.</param>
/// <param name="Files">Files in use.</param>
/// <param name="MaxBytes">Bytes allowed; null for no limit.</param>
/// <param name="MaxFiles">Files allowed; null for no limit.</param>
public sealed record RemoteQuota(long Bytes, long Files, long? MaxBytes, long? MaxFiles);

/// <summary>The digest of a remote file or of a part of it.</summary>
/// <param name="Digest">In lower-case hex.</param>
/// <param name="Size">Bytes that were read.</param>
/// <param name="Total">The file's length.</param>
/// <param name="Modified">When its content changed last.</param>
public sealed record RemoteSum(string Digest, long Size, long Total, DateTimeOffset Modified);
