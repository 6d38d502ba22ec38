using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Dialtone;

/// <summary>What a TLS conversation hands out so that datagrams can follow: a session's id and its secret.</summary>
/// <remarks>
/// The secret is never sent in a datagram. Each direction has an AES-256-GCM key of its own, derived with HKDF-SHA-256 (RFC 5869) when it is
/// needed; the packet number is the nonce, so no nonce repeats under a key.
/// </remarks>
public sealed class FlowKeys
{
    /// <summary>Bytes of the secret.</summary>
    public const int SecretBytes = 32;

    private Secret _secret;

    /// <summary>Takes what the server handed out.</summary>
    /// <param name="sessionId">The session's id.</param>
    /// <param name="secret"><see cref="SecretBytes"/> bytes.</param>
    public FlowKeys(ulong sessionId, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretBytes)
            throw new ArgumentException($"The secret has {SecretBytes} bytes.", nameof(secret));
        SessionId = sessionId;
        secret.CopyTo(_secret);
    }

    /// <summary>What names the session in every datagram. Not a secret.</summary>
    public ulong SessionId { get; }

    internal AesGcm Sealer(bool isServer) => Cipher(toServer: !isServer);

    internal AesGcm Opener(bool isServer) => Cipher(toServer: isServer);

    private AesGcm Cipher(bool toServer)
    {
        Span<byte> salt = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(salt, SessionId);
        Span<byte> key = stackalloc byte[SecretBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, key, salt, toServer ? "dialtone datagrams 1 to server"u8 : "dialtone datagrams 1 to client"u8);
        var cipher = new AesGcm(key, FlowPacket.TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    [InlineArray(SecretBytes)]
    private struct Secret
    {
        private byte _first;
    }
}
