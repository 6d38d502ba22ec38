using System.Net;
using System.Net.Sockets;

namespace Dialtone.Chat.Tests.Native;

/// <summary>What strangers can do who see the packets, and what they cannot.</summary>
public sealed class ForgeryTests
{
    [Fact]
    public async Task Replayed_altered_and_forged_packets_say_nothing_move_nobody_and_are_not_answered()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient bob = await place.JoinAsync("bob", "lobby");
        await using var hears = new Ear(bob);
        WirePeer peer = await WirePeer.JoinAsync(place.Address, "ann", "lobby");
        using Socket own = peer.Call();
        byte[] said = peer.Say(0, """{"say":"once","room":"lobby","ref":1}""");
        await own.SendAsync(said);
        Assert.Equal("once", (await hears.HearAsync<ChatMessage>())!.Text);
        EndPoint? before = Where();

        using Socket stranger = peer.Call();
        await stranger.SendAsync(said); // a replay
        for (int i = 0; i < said.Length; i++)
        {
            byte[] altered = [.. said];
            altered[i] ^= 0x01;
            if (i == 0)
                continue; // without its mark it is plain text
            await stranger.SendAsync(altered);
            await stranger.SendAsync(said.AsMemory(0, i));
        }

        WirePeer later = await WirePeer.JoinAsync(place.Address, "eve", "lobby"); // with a session of her own, under ann's id
        byte[] forged = later.Say(0, """{"say":"it is I, ann","room":"lobby","ref":1}""");
        said.AsSpan(2, 8).CopyTo(forged.AsSpan(2));
        await stranger.SendAsync(forged);

        await own.SendAsync(peer.Say(1, """{"say":"twice","room":"lobby","ref":2}"""));
        Assert.Equal("twice", (await hears.HearAsync<ChatMessage>())!.Text); // and nothing before it
        Assert.Equal(before, Where());
        Assert.Equal(0, stranger.Available);

        EndPoint? Where() => place.Hub.Desk.Here.Single(each => each.Name == "ann").Address;
    }
}
