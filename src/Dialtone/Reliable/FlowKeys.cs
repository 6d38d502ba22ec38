using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dialtone;

/// <summary>What a TLS conversation hands out so that datagrams can follow: a session's id and its secret.</summary>
/// <remarks>
/// The secret is never sent in a datagram. Each direction has an AES-256-GCM key of its own, derived with HKDF-SHA-256 (RFC 5869); the packet
/// number is the nonce, so no nonce repeats under a key.
/// </remarks>
public sealed class FlowKeys
{
    /// <summary>Bytes of the secret.</summary>
    public const int SecretBytes = 32;

    private readonly byte[] _keys; // to the server, then to the client

    /// <summary>Takes what the server handed out.</summary>
    /// <param name="sessionId">The session's id.</param>
    /// <param name="secret"><see cref="SecretBytes"/> bytes.</param>
    public FlowKeys(ulong sessionId, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretBytes)
            throw new ArgumentException($"The secret has {SecretBytes} bytes.", nameof(secret));
        SessionId = sessionId;
        Span<byte> salt = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(salt, sessionId);
        _keys = new byte[2 * SecretBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, _keys.AsSpan(0, SecretBytes), salt, "dialtone datagrams 1 to server"u8);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, _keys.AsSpan(SecretBytes), salt, "dialtone datagrams 1 to client"u8);
    }

    /// <summary>What names the session in every datagram. Not a secret.</summary>
    public ulong SessionId { get; }

    internal AesGcm Sealer(bool isServer) => new(Key(toServer: !isServer), FlowPacket.TagBytes);

    internal AesGcm Opener(bool isServer) => new(Key(toServer: isServer), FlowPacket.TagBytes);

    private ReadOnlySpan<byte> Key(bool toServer) => _keys.AsSpan(toServer ? 0 : SecretBytes, SecretBytes);
}
