using System.Security.Cryptography;
using System.Text;

namespace Dialtone;

/// <summary>The client's side of one channel-bound handshake: messages in, messages out, no I/O.</summary>
internal sealed class ChannelBoundClient
{
    internal const int HelloBytes = 1 + ChannelBoundProof.NonceSize;

    private readonly HmacKey _key;
    private readonly ReadOnlyMemory<byte> _channelBinding;
    private readonly byte[] _nonce;
    private byte[]? _serverNonce;

    internal ChannelBoundClient(HmacKey key, ReadOnlyMemory<byte> channelBinding, byte[]? nonce = null) =>
        (_key, _channelBinding, _nonce) = (key, channelBinding, nonce ?? RandomNumberGenerator.GetBytes(ChannelBoundProof.NonceSize));

    /// <summary>The client's proof, or null when this is no hello.</summary>
    internal byte[]? Answer(ReadOnlySpan<byte> hello)
    {
        if (_serverNonce is not null || hello.Length != HelloBytes || hello[0] != ChannelBoundProof.Version)
            return null;
        _serverNonce = hello[1..].ToArray();
        var mac = new byte[ChannelBoundProof.MacSize];
        _key.Compute(ChannelBoundProof.Digest, Message(ChannelBoundRole.Client), mac);
        byte[] keyId = Encoding.UTF8.GetBytes(_key.Id);
        return [ChannelBoundProof.Version, .. _nonce, (byte)keyId.Length, .. keyId, .. mac];
    }

    /// <summary>Whether the server proved that it holds the key too.</summary>
    internal bool IsProof(ReadOnlySpan<byte> proof)
    {
        if (_serverNonce is null || proof.Length != ChannelBoundProof.MacSize)
            return false;
        Span<byte> expected = stackalloc byte[ChannelBoundProof.MacSize];
        _key.Compute(ChannelBoundProof.Digest, Message(ChannelBoundRole.Server), expected);
        return CryptographicOperations.FixedTimeEquals(expected, proof);
    }

    private byte[] Message(ChannelBoundRole role) =>
        ChannelBoundProof.Message(role, _serverNonce, _nonce, _key.Id, _channelBinding.Span);
}
