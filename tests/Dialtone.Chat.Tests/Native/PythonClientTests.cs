using System.Globalization;

namespace Dialtone.Chat.Tests.Native;

/// <summary>samples/python/dialtone_chat.py: written from PROTOCOL.md with the standard library alone, and works.</summary>
public sealed class PythonClientTests
{
    private static string Script => Path.Combine(AppContext.BaseDirectory, "samples", "dialtone_chat.py");

    [Fact]
    public async Task The_protocols_vectors_are_what_another_hand_makes_of_it()
    {
        PythonResult result = await PythonPeer.RunAsync(Script, ["--vectors"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(
            """
            ff0108070605040302010000000000000000bd8ed91db6108b06ec61987e31d5f7faf7f9d5b22b58f4e8cb2f825ef32d1cd2e60787af1259813b2af48bc3
            ff0108070605040302010000000000000000330cf20b84b03127278d441364ffa9fcf13e8a8357474e00ada06c687600cfe351e2d446dfcf45075fbb36a1e0f8
            """,
            result.Output.Trim());
    }

    [Fact]
    public async Task A_client_in_plain_Python_joins_talks_and_leaves()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using var hears = new Ear(ann);
        await using var python = PythonPeer.Start(
            Script, [string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{place.Address.Port}"), "monty", "lobby", "--insecure"], NativePlace.Patience);
        Assert.Equal("monty", (await hears.HearAsync<ChatPresence>())!.Name);
        await python.WriteLineAsync("hello from Python, 世界");
        Assert.Equal("hello from Python, 世界", (await hears.HearAsync<ChatMessage>())!.Text);
        Assert.Equal("* 1 of 1 have it", await python.ReadLineAsync());
        string text = $"\u001b[2J{new string('x', 3000)}";
        ChatReceipt receipt = await ann.SendAsync(text, room: "lobby");
        Assert.Equal($"[lobby] ann: \\u001b{text[1..]}", await python.ReadLineAsync());
        Assert.Equal(1, (await hears.HearAsync<ChatDelivery>(mark => mark.MessageId == receipt.Id))!.Delivered);
        python.CloseInput();
        PythonResult result = await python.WaitForExitAsync();
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.False((await hears.HearAsync<ChatPresence>())!.IsHere);
    }
}
