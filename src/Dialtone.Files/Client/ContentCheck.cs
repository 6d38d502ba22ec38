using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>The digest of content as it passes, on the client's side.</summary>
internal sealed class ContentCheck(TransferDigest digest) : IDisposable
{
    private readonly IncrementalHash? _sha256 = digest == TransferDigest.Sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;

    /// <summary>The CRC-32C so far; 0 where none is computed.</summary>
    public uint Crc { get; private set; }

    public void Append(ReadOnlySpan<byte> content)
    {
        if (_sha256 is not null)
            _sha256.AppendData(content);
        else if (digest == TransferDigest.Crc32C)
            Crc = Crc32C.Append(Crc, content);
    }

    /// <summary>Forgets what passed.</summary>
    public void Reset()
    {
        Crc = 0;
        _sha256?.GetHashAndReset();
    }

    /// <summary>What the digest is called in a header; null for none.</summary>
    public static string? NameOf(TransferDigest digest) => digest switch
    {
        TransferDigest.Crc32C => "crc32c",
        TransferDigest.Sha256 => "sha256",
        _ => null,
    };

    /// <summary>The SHA-256 in hex; null where none is computed. Ends the computation.</summary>
    public string? FinishSha256() => _sha256 is null ? null : Convert.ToHexStringLower(_sha256.GetHashAndReset());

    /// <summary>Compares with what the server computed.</summary>
    /// <exception cref="FileException">They differ: <see cref="FileError.Corrupt"/>.</exception>
    public void Verify(uint? crc, string? sha256, string? ownSha256)
    {
        bool agrees = digest switch
        {
            TransferDigest.Crc32C => crc == Crc,
            TransferDigest.Sha256 => sha256 == ownSha256,
            _ => true,
        };
        if (!agrees)
            throw new FileException(FileError.Corrupt, "The content that arrived is not the content that was sent.");
    }

    public void Dispose() => _sha256?.Dispose();
}
