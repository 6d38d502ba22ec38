using System.Text;
using System.Text.Json;

namespace Dialtone.Files.Tests;

public sealed class AuditLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dialtone-audit").FullName;

    private string Path => System.IO.Path.Combine(_folder, "audit.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory] // L01
    [InlineData("a\r\nb")]
    [InlineData("\u001b[2J")]
    [InlineData("\u009b2J")]
    [InlineData("\u2028\u2029")]
    [InlineData("\u202egpj.exe\u2066")]
    [InlineData("\0\u007f\ufeff")]
    [InlineData("\ud800 alone")]
    [InlineData("é 漢 \U0001F600 <script>'\"&")]
    public async Task Whatever_a_peer_sends_stays_one_line_of_plain_ascii(string text)
    {
        await using (AuditLog log = AuditLog.Open(Path))
            log.Write(new AuditRecord { Event = AuditEvent.Login, Error = FileError.LoginFailed, User = text, Note = text });

        byte[] written = File.ReadAllBytes(Path);
        Assert.Equal('\n', (char)written[^1]);
        Assert.All(written[..^1], one => Assert.InRange(one, 0x20, 0x7e));
        string expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, JsonDocument.Parse(written).RootElement.GetProperty("user").GetString());
    }

    [Fact] // L01
    public async Task A_megabyte_of_name_is_cut()
    {
        await using (AuditLog log = AuditLog.Open(Path))
            log.Write(new AuditRecord { Event = AuditEvent.Login, User = new string('x', AuditLog.MaxTextLength - 1) + string.Concat(Enumerable.Repeat("\U0001F600", 500_000)) });

        string user = Lines().Single().GetProperty("user").GetString()!;
        Assert.Equal(AuditLog.MaxTextLength, user.Length);
        Assert.EndsWith("x…", user, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_of_many_threads_are_all_there_each_whole_and_each_threads_in_order()
    {
        await using (AuditLog log = AuditLog.Open(Path))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
            {
                for (int i = 0; i < 1000; i++)
                    log.Write(new AuditRecord { Event = AuditEvent.Upload, User = $"{thread}", Bytes = i });
            })));
            await log.FlushAsync();
            Assert.Equal(8000, Lines().Count);
        }

        foreach (IGrouping<string?, JsonElement> thread in Lines().GroupBy(line => line.GetProperty("user").GetString()))
            Assert.Equal(Enumerable.Range(0, 1000), thread.Select(line => line.GetProperty("bytes").GetInt32()));
    }

    [Fact] // J11
    public async Task A_full_disk_loses_records_counts_them_and_leaves_no_part_of_one()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await using (AuditLog full = AuditLog.Open("/dev/full", new AuditOptions { IsRequired = true }))
        {
            Assert.False(full.IsFailing);
            full.Write(new AuditRecord { Event = AuditEvent.Upload });
            full.Write(new AuditRecord { Event = AuditEvent.Upload });
            await full.FlushAsync();
            Assert.Equal(2, full.Lost);
            Assert.True(full.IsFailing);
        }

        await using AuditLog tolerant = AuditLog.Open("/dev/full");
        tolerant.Write(new AuditRecord { Event = AuditEvent.Upload });
        await tolerant.FlushAsync();
        Assert.False(tolerant.IsFailing);
    }

    [Fact]
    public async Task What_waits_for_the_disk_is_bounded_and_what_was_lost_is_told()
    {
        const int records = 5000;
        long lost;
        await using (AuditLog log = AuditLog.Open(Path, new AuditOptions { MaxWaitingBytes = 64 * 1024, Gather = TimeSpan.FromHours(1) }, new FakeTimeProvider()))
        {
            // The writer gathers on a clock that stands, so nearly all of these meet a full buffer.
            for (int i = 0; i < records; i++)
                log.Write(new AuditRecord { Event = AuditEvent.Upload, User = new string('x', 100) });
            await log.FlushAsync();
            lost = log.Lost;
            log.Write(new AuditRecord { Event = AuditEvent.Remove });
        }

        List<JsonElement> lines = Lines();
        List<JsonElement> told = [.. lines.Where(line => line.GetProperty("event").GetString() == "lost")];
        Assert.InRange(lost, records / 2, records);
        Assert.Equal(lost, told.Sum(line => line.GetProperty("records").GetInt64()));
        Assert.Equal(records + 1 - lost, lines.Count - told.Count);
        Assert.Equal("remove", lines[^1].GetProperty("event").GetString());
    }

    [Fact] // J11
    public async Task What_was_lost_is_told_in_full_however_often_the_telling_was_lost_too()
    {
        await using (AuditLog log = AuditLog.Open(Path))
        {
            File.Delete(Path);
            Directory.CreateDirectory(Path); // which nothing can be written to
            log.Reopen();
            for (int lost = 1; lost <= 3; lost++)
            {
                log.Write(new AuditRecord { Event = AuditEvent.Upload });
                await log.FlushAsync();
                Assert.Equal(lost, log.Lost);
            }

            Directory.Delete(Path);
            log.Write(new AuditRecord { Event = AuditEvent.Remove });
        }

        List<JsonElement> lines = Lines();
        Assert.Equal(["lost", "remove"], lines.Select(line => line.GetProperty("event").GetString()));
        Assert.Equal(3, lines[0].GetProperty("records").GetInt64());
    }

    [Fact] // L17
    public async Task A_flood_of_refused_callers_is_summed_up()
    {
        var time = new FakeTimeProvider();
        await using (AuditLog log = AuditLog.Open(Path, time: time))
        {
            for (int i = 0; i < 10_000; i++)
                log.Write(new AuditRecord { Event = AuditEvent.Login, Error = FileError.LoginFailed, User = $"{i}" });
            log.Write(new AuditRecord { Event = AuditEvent.Login, User = "alex" });
            time.Advance(TimeSpan.FromSeconds(1));
            log.Write(new AuditRecord { Event = AuditEvent.Login, Error = FileError.LoginFailed, User = "later" });
        }

        List<JsonElement> lines = Lines();
        Assert.Equal(102, lines.Count);
        Assert.Equal("alex", lines[100].GetProperty("user").GetString());
        Assert.Equal(9900, lines[101].GetProperty("suppressed").GetInt64());
    }

    [Fact] // J19
    public async Task After_a_rotation_records_go_to_a_new_file_and_none_is_lost()
    {
        await using (AuditLog log = AuditLog.Open(Path))
        {
            log.Write(new AuditRecord { Event = AuditEvent.Upload, User = "before" });
            await log.FlushAsync();
            File.Move(Path, Path + ".1");
            log.Write(new AuditRecord { Event = AuditEvent.Upload, User = "moved" });
            await log.FlushAsync();
            log.Reopen();
            log.Write(new AuditRecord { Event = AuditEvent.Upload, User = "after" });
        }

        Assert.Equal(2, File.ReadAllLines(Path + ".1").Length);
        Assert.Equal("after", Lines().Single().GetProperty("user").GetString());
    }

    [Fact]
    public async Task A_line_cut_short_by_a_crash_does_not_spoil_the_next()
    {
        File.WriteAllText(Path, "{\"event\":\"upl");
        await using (AuditLog log = AuditLog.Open(Path))
            log.Write(new AuditRecord { Event = AuditEvent.Upload });

        string[] lines = File.ReadAllLines(Path);
        Assert.Equal(2, lines.Length);
        Assert.Equal("upload", JsonDocument.Parse(lines[1]).RootElement.GetProperty("event").GetString());
    }

    private List<JsonElement> Lines() => [.. File.ReadAllLines(Path).Select(line => JsonDocument.Parse(line).RootElement)];
}
