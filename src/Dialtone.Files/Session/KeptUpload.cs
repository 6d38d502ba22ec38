namespace Dialtone.Files;

/// <summary>An interrupted upload that can be continued.</summary>
/// <param name="Id">What <see cref="FileSession.ResumeUploadAsync"/> takes.</param>
/// <param name="Path">Where it was going, from the session's home.</param>
/// <param name="Size">How many bytes it will have; null if that was not announced.</param>
/// <param name="Length">How many are here.</param>
/// <param name="Crc32C">The CRC-32C of those: the sender compares it with its own before it continues.</param>
public sealed record KeptUpload(string Id, VirtualPath Path, long? Size, long Length, uint Crc32C);
