using System.Buffers.Binary;
using System.Text;

namespace Dialtone;

/// <summary>The bytes under the MAC of the channel-bound handshake (PROTOCOL.md, "HMAC, channel-bound").</summary>
internal static class ChannelBoundProof
{
    internal const byte Version = 1;
    internal const int NonceSize = 32;
    internal const int MacSize = 32;
    internal const int MinKeyBytes = 16;
    internal const HmacDigest Digest = HmacDigest.Sha256;

    /// <summary>label ‖ role ‖ version ‖ server nonce ‖ client nonce ‖ key id ‖ channel binding, each behind its length as u32 little-endian.</summary>
    internal static byte[] Message(
        ChannelBoundRole role, ReadOnlySpan<byte> serverNonce, ReadOnlySpan<byte> clientNonce, string keyId, ReadOnlySpan<byte> channelBinding)
    {
        var message = new MemoryStream(256);
        bool client = role == ChannelBoundRole.Client;
        Field(message, client ? "dialtone hmac client proof"u8 : "dialtone hmac server proof"u8);
        Field(message, client ? "client"u8 : "server"u8);
        Field(message, [Version]);
        Field(message, serverNonce);
        Field(message, clientNonce);
        Field(message, Encoding.UTF8.GetBytes(keyId));
        // The binding's name stands before it, so that another kind of binding can never mean the same bytes.
        Field(message, channelBinding.IsEmpty ? [] : [.. "tls-server-end-point:"u8, .. channelBinding]);
        return message.ToArray();
    }

    private static void Field(MemoryStream message, ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)value.Length);
        message.Write(length);
        message.Write(value);
    }
}
