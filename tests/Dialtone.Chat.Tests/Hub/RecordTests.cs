using System.Text.Json;

namespace Dialtone.Chat.Tests;

/// <summary>What is kept: history over restarts, and the audit.</summary>
public sealed class RecordTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dialtone-chat-").FullName;

    private string File1 => Path.Combine(_folder, "history");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_said_is_there_after_a_restart_and_numbers_go_on()
    {
        long last;
        await using (var meeting = new Meeting(new ChatHubOptions { HistoryFile = File1 }))
        {
            var (ann, _) = await meeting.BringAsync("ann");
            await meeting.BringAsync("bob");
            meeting.Hub.Say(ann, "lobby", null, "hello\r\n\u001b[2J\u202E中文 😀 \"q\" \\", null, out _);
            meeting.Hub.Say(ann, null, "bob", "between us", null, out _);
            meeting.Hub.Say(ann, null, null, "a question", null, out last);
            meeting.Hub.Desk.Say("ann", "an answer");
        }

        string kept = await File.ReadAllTextAsync(File1, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("between us", kept, StringComparison.Ordinal);
        Assert.Contains("中文 😀", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(kept, static letter => letter != '\n' && (char.IsControl(letter) || letter == '\u202E'));
        Assert.All(kept.TrimEnd('\n').Split('\n'), static line => JsonDocument.Parse(line).Dispose());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File1));

        await using var again = new Meeting(new ChatHubOptions { HistoryFile = File1 });
        var (zoe, _) = await again.BringAsync("zoe");
        again.Hub.History(zoe, "lobby", null, 10, out ChatOutgoing[] page, out _);
        ChatMessage message = Assert.IsType<ChatMessage>(Assert.Single(page).Event);
        Assert.Equal(("ann", "hello\r\n\u001b[2J\u202E中文 😀 \"q\" \\", true), (message.From, message.Text, message.IsVerified));
        Assert.Equal(["a question", "an answer"], again.Hub.Desk.History.Select(static each => each.Text));
        again.Hub.Say(zoe, "lobby", null, "next", null, out long next);
        Assert.True(next > last);
    }

    [Theory]
    [InlineData("{\"message\":3,\"at\":\"2026-01-01T00:00:00Z\",\"from\":\"ann\",\"room\":\"lobby\",\"te")]
    [InlineData("{")]
    [InlineData("\0\0\0\0\0\0")]
    public async Task A_line_torn_by_a_power_cut_is_cut_off_and_the_rest_stays(string torn)
    {
        await File.WriteAllTextAsync(File1, Line(1, "one") + "not a message\n" + Line(2, "two") + torn, TestContext.Current.CancellationToken);
        await using (var meeting = new Meeting(new ChatHubOptions { HistoryFile = File1 }))
        {
            var (ann, _) = await meeting.BringAsync("ann");
            Assert.Equal(["one", "two"], Texts(meeting, ann));
            meeting.Hub.Say(ann, "lobby", null, "three", null, out long id);
            Assert.Equal(3, id);
        }

        string[] lines = await File.ReadAllLinesAsync(File1, TestContext.Current.CancellationToken);
        Assert.Equal(4, lines.Length);
        Assert.Contains("three", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_file_becomes_the_first_old_one_and_both_are_read_back()
    {
        var options = new ChatHubOptions { HistoryFile = File1, MaxHistoryFileBytes = 64 * 1024, Limits = new ChatLimits { MessagesPerSecond = 1_000_000, Burst = 1_000_000 } };
        string filler = new('x', 1000);
        await using (var meeting = new Meeting(options))
        {
            var (ann, _) = await meeting.BringAsync("ann");
            for (int i = 0; i < 100; i++)
            {
                meeting.Hub.Say(ann, "lobby", null, $"{i} {filler}", null, out _);
                await meeting.Hub.HistoryWrittenAsync();
            }
        }

        Assert.InRange(new FileInfo(File1).Length, 1, 64 * 1024);
        Assert.InRange(new FileInfo(File1 + ".1").Length, 60 * 1024, 64 * 1024);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
        await using var again = new Meeting(options);
        var (zoe, _) = await again.BringAsync("zoe");
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i} {filler}"), Texts(again, zoe));
    }

    [Fact]
    public async Task Two_hubs_do_not_share_a_history_file()
    {
        await using var meeting = new Meeting(new ChatHubOptions { HistoryFile = File1 });
        var error = Assert.Throws<ChatException>(() => new Meeting(new ChatHubOptions { HistoryFile = File1 }));
        Assert.Equal(ChatError.FileUnusable, error.Reason);
        Assert.Equal(ChatError.FileUnusable, Assert.Throws<ChatException>(() => new Meeting(new ChatHubOptions { HistoryFile = Path.Combine(_folder, "no", "such") })).Reason);
    }

    [Fact]
    public async Task The_audit_tells_who_came_and_went_and_was_refused_in_plain_ascii_and_not_what_was_said()
    {
        string audit = Path.Combine(_folder, "audit");
        await File.WriteAllTextAsync(audit, "{}\n{\"torn", TestContext.Current.CancellationToken);
        await using (var meeting = new Meeting(new ChatHubOptions { AuditFile = audit }))
        {
            var (ann, _) = await meeting.BringAsync("李雷");
            meeting.Hub.Say(ann, null, null, "a secret", null, out _);
            meeting.Hub.Desk.Say("李雷", "another");
            meeting.Hub.TryJoin("evil\n\u001b[2J{\"event\":\"join\"}", null, new RecordingLine(), out _);
            meeting.Hub.Desk.Mute("李雷");
            meeting.Hub.Remove(ann);
            for (int i = 0; i < 300; i++)
                meeting.Hub.TryJoin("operator", null, new RecordingLine(), out _);
            meeting.Time.Advance(TimeSpan.FromSeconds(1));
            meeting.Hub.TryJoin("operator", null, new RecordingLine(), out _);
        }

        string text = await File.ReadAllTextAsync(audit, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(text, static letter => letter is not ('\n' or (>= ' ' and <= '~')));
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        JsonElement[] lines = [.. text.TrimEnd('\n').Split('\n').Skip(2).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["join", "enter", "answer", "refused", "mute", "leave"], lines.Take(6).Select(static line => line.GetProperty("event").GetString()));
        Assert.Equal(("李雷", "10.0.0.1:4000", "native"), (lines[0].GetProperty("name").GetString(), lines[0].GetProperty("from").GetString(), lines[0].GetProperty("tongue").GetString()));
        Assert.Equal("evil\n\u001b[2J{\"event\":\"join\"}", lines[3].GetProperty("name").GetString());
        Assert.Equal(6 + 99 + 1, lines.Length);
        Assert.Equal(201, lines[^1].GetProperty("suppressed").GetInt64());
    }

    private static string Line(int id, string text) => $$"""{"message":{{id}},"at":"2026-01-01T00:00:00.000Z","from":"ann","room":"lobby","text":"{{text}}"}""" + "\n";

    private static IEnumerable<string> Texts(Meeting meeting, ChatParticipant who)
    {
        Assert.Equal(ChatError.None, meeting.Hub.History(who, "lobby", null, 1000, out ChatOutgoing[] page, out _));
        return page.Select(static each => ((ChatMessage)each.Event).Text);
    }
}
