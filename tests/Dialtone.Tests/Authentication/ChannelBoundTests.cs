namespace Dialtone.Tests.Authentication;

public sealed class ChannelBoundTests
{
    private static readonly byte[] ServerNonce = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] ClientNonce = [.. Enumerable.Range(32, 32).Select(i => (byte)i)];
    private static readonly byte[] Binding = [.. Enumerable.Range(0x80, 32).Select(i => (byte)i)];
    private static readonly HmacKey Plain = HmacKey.FromText("linhaifeng bang bang bang");
    private static readonly HmacKey Office = HmacKey.FromText("linhaifeng bang bang bang", "office");

    [Fact] // vector 1 of PROTOCOL.md, computed by CPython's hmac and struct
    public void The_vector_without_key_id_and_TLS_comes_out()
    {
        Assert.Equal(
            "1a0000006469616c746f6e6520686d616320636c69656e742070726f6f6606000000636c69656e74010000000120000000"
            + "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20000000"
            + "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f0000000000000000",
            Convert.ToHexStringLower(ChannelBoundProof.Message(ChannelBoundRole.Client, ServerNonce, ClientNonce, "", [])));
        var client = new ChannelBoundClient(Plain, default, ClientNonce);
        var server = new ChannelBoundServer(new HmacKeyring(Plain), default, ServerNonce);
        byte[]? proof = client.Answer(server.Hello());
        Assert.Equal(
            "01202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f00fe14c8681ad5f991ea872bfdc3a02cda5adac2109778d0db55fa5f38722de68f",
            Convert.ToHexStringLower(proof!));
        Assert.Equal("85d4fba9cc7669305adf9ec5c7a4af39b40387781c4dff49148beae9b57de110", Convert.ToHexStringLower(server.Receive(proof)!));
    }

    [Fact] // vector 2 of PROTOCOL.md
    public void The_vector_with_key_id_and_TLS_comes_out()
    {
        var client = new ChannelBoundClient(Office, Binding, ClientNonce);
        var server = new ChannelBoundServer(new HmacKeyring(Office), Binding, ServerNonce);
        byte[]? proof = client.Answer(server.Hello());
        Assert.Equal(
            "01202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f066f6666696365a137644998efcc704726fbb9349e287a4fda02bf6fc2b78687030b608bad9a54",
            Convert.ToHexStringLower(proof!));
        byte[]? own = server.Receive(proof);
        Assert.Equal("02c81343d6efcb2541a7cf545f5a60e02426e085aed2bfd9dd203150d7a1699b", Convert.ToHexStringLower(own!));
        Assert.True(client.IsProof(own));
        Assert.Same(Office, server.Key);
    }

    [Fact]
    public void Both_sides_prove_themselves()
    {
        HmacKey key = HmacKey.Random("k");
        var server = new ChannelBoundServer(new HmacKeyring(HmacKey.Random("j"), key, HmacKey.Random("k")), default);
        var client = new ChannelBoundClient(key, default);
        byte[]? own = server.Receive(client.Answer(server.Hello()));
        Assert.True(client.IsProof(own));
    }

    [Fact]
    public void The_right_key_under_another_id_does_not_open()
    {
        var server = new ChannelBoundServer(new HmacKeyring(Office), default);
        Assert.Null(server.Receive(new ChannelBoundClient(Plain, default).Answer(server.Hello())));
    }

    [Fact] // D03, D04
    public void A_proof_opens_one_conversation_once()
    {
        var ring = new HmacKeyring(Plain);
        var server = new ChannelBoundServer(ring, default);
        byte[]? proof = new ChannelBoundClient(Plain, default).Answer(server.Hello());
        Assert.NotNull(server.Receive(proof));
        Assert.Null(server.Receive(proof));
        Assert.Null(new ChannelBoundServer(ring, default).Receive(proof));
    }

    [Fact] // D04
    public void A_wrong_proof_uses_the_conversation_up()
    {
        var server = new ChannelBoundServer(new HmacKeyring(Plain), default);
        byte[] proof = new ChannelBoundClient(Plain, default).Answer(server.Hello())!;
        byte[] wrong = [.. proof];
        wrong[^1] ^= 1;
        Assert.Null(server.Receive(wrong));
        Assert.Null(server.Receive(proof));
    }

    [Fact] // D05
    public void A_reflected_proof_proves_nothing()
    {
        var server = new ChannelBoundServer(new HmacKeyring(Plain), default);
        var client = new ChannelBoundClient(Plain, default);
        byte[] proof = client.Answer(server.Hello())!;
        Assert.False(client.IsProof(proof.AsSpan()[^32..]));
        byte[] message = ChannelBoundProof.Message(ChannelBoundRole.Server, ServerNonce, ClientNonce, "", []);
        var mac = new byte[32];
        Plain.Compute(HmacDigest.Sha256, message, mac);
        Assert.Null(new ChannelBoundServer(new HmacKeyring(Plain), default, ServerNonce).Receive([1, .. ClientNonce, 0, .. mac]));
    }

    [Fact] // D18
    public void A_relay_with_another_certificate_does_not_open()
    {
        byte[] other = [.. Binding];
        other[0] ^= 1;
        foreach (byte[] seen in new byte[][] { other, [] })
        {
            var server = new ChannelBoundServer(new HmacKeyring(Plain), Binding);
            Assert.Null(server.Receive(new ChannelBoundClient(Plain, seen).Answer(server.Hello())));
        }
    }

    [Fact] // D07
    public void No_two_splits_of_the_fields_mean_the_same_bytes()
    {
        var seen = new HashSet<string>();
        const string Text = "abcdefgh";
        for (int split = 0; split <= Text.Length; split++)
        {
            byte[] binding = System.Text.Encoding.ASCII.GetBytes(Text[split..]);
            Assert.True(seen.Add(Convert.ToHexString(
                ChannelBoundProof.Message(ChannelBoundRole.Client, ServerNonce, ClientNonce, Text[..split], binding))));
        }
    }

    [Fact] // D10, E: the length of every field is checked
    public void A_proof_of_any_other_length_or_version_is_refused()
    {
        HmacKey key = Office;
        for (int change = -40; change <= 70; change++)
        {
            if (change == 0)
                continue;
            var server = new ChannelBoundServer(new HmacKeyring(key), default);
            byte[] proof = new ChannelBoundClient(key, default).Answer(server.Hello())!;
            Array.Resize(ref proof, proof.Length + change);
            Assert.Null(server.Receive(proof));
        }
        var last = new ChannelBoundServer(new HmacKeyring(key), default);
        byte[] whole = new ChannelBoundClient(key, default).Answer(last.Hello())!;
        whole[0] = 2;
        Assert.Null(last.Receive(whole));
    }

    [Fact]
    public void A_client_answers_one_hello_of_the_right_shape()
    {
        var client = new ChannelBoundClient(Plain, default);
        Assert.Null(client.Answer([]));
        Assert.Null(client.Answer([2, .. ServerNonce]));
        Assert.Null(client.Answer([1, .. ServerNonce, 0]));
        Assert.False(client.IsProof(new byte[32]));
        Assert.NotNull(client.Answer([1, .. ServerNonce]));
        Assert.Null(client.Answer([1, .. ServerNonce]));
    }

    [Fact] // D08
    public void A_hundred_thousand_nonces_do_not_repeat()
    {
        var ring = new HmacKeyring(Plain);
        var seen = new HashSet<UInt128>();
        for (int i = 0; i < 100_000; i++)
        {
            byte[] hello = new ChannelBoundServer(ring, default).Hello();
            Assert.Equal(33, hello.Length);
            Assert.True(seen.Add(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hello.AsSpan(1))));
        }
    }
}
