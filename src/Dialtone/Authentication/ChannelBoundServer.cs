using System.Security.Cryptography;

namespace Dialtone;

/// <summary>The server's side of one channel-bound handshake: messages in, messages out, no I/O.</summary>
// PROTOCOL.md   hello = version:u8, serverNonce:32        (server)
//               proof = version:u8, clientNonce:32, keyIdLength:u8, keyId:utf8, mac:32   (client)
//               proof = mac:32        (server)
internal sealed class ChannelBoundServer
{
    internal const int MaxProofBytes = 1 + ChannelBoundProof.NonceSize + 1 + HmacKey.MaxIdBytes + ChannelBoundProof.MacSize;

    private readonly HmacKeyring _keys;
    private readonly ReadOnlyMemory<byte> _channelBinding;
    private readonly byte[] _nonce;
    private bool _over;

    internal ChannelBoundServer(HmacKeyring keys, ReadOnlyMemory<byte> channelBinding, byte[]? nonce = null) =>
        (_keys, _channelBinding, _nonce) = (keys, channelBinding, nonce ?? RandomNumberGenerator.GetBytes(ChannelBoundProof.NonceSize));

    /// <summary>The key that opened, after <see cref="Receive"/> returned a proof.</summary>
    internal HmacKey? Key { get; private set; }

    internal byte[] Hello() => [ChannelBoundProof.Version, .. _nonce];

    /// <summary>The server's own proof, or null: close without a word.</summary>
    internal byte[]? Receive(ReadOnlySpan<byte> proof)
    {
        const int KeyIdAt = 1 + ChannelBoundProof.NonceSize + 1;
        if (_over || proof.Length is < KeyIdAt + ChannelBoundProof.MacSize or > MaxProofBytes || proof[0] != ChannelBoundProof.Version)
            return null;
        _over = true;
        int keyIdLength = proof[KeyIdAt - 1];
        if (proof.Length != KeyIdAt + keyIdLength + ChannelBoundProof.MacSize)
            return null;
        if (!CredentialRules.TryDecode(proof.Slice(KeyIdAt, keyIdLength), out string keyId))
            return null;
        ReadOnlySpan<byte> clientNonce = proof.Slice(1, ChannelBoundProof.NonceSize);
        byte[] expected = ChannelBoundProof.Message(ChannelBoundRole.Client, _nonce, clientNonce, keyId, _channelBinding.Span);
        Key = _keys.Find(ChannelBoundProof.Digest, expected, proof[^ChannelBoundProof.MacSize..], keyId);
        if (Key is null)
            return null;
        byte[] own = ChannelBoundProof.Message(ChannelBoundRole.Server, _nonce, clientNonce, keyId, _channelBinding.Span);
        var mac = new byte[ChannelBoundProof.MacSize];
        Key.Compute(ChannelBoundProof.Digest, own, mac);
        return mac;
    }
}
