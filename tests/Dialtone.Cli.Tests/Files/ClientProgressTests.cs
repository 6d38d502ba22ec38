namespace Dialtone.Cli.Tests;

public sealed class ClientProgressTests
{
    private static readonly ProgressLine Half = new()
    {
        Name = "photos/image-0001.jpg",
        Bytes = 50_000_000,
        TotalBytes = 100_000_000,
        Files = 3,
        TotalFiles = 12,
        Rate = 10_000_000,
    };

    [Fact]
    public void At_80_columns_name_bar_and_facts_stand_in_a_line() =>
        Assert.Equal("photos/im…0001.jpg ████████░░░░░░░░  50%  50.0 MB  10.0 MB/s   0:05  3/12 files", Half.Render(79));

    [Fact]
    public void At_60_columns_the_bar_stays_and_the_name_goes_first()
    {
        string line = Half.Render(59);
        Assert.Contains("█", line, StringComparison.Ordinal);
        Assert.EndsWith("50%  50.0 MB  10.0 MB/s   0:05  3/12 files", line, StringComparison.Ordinal);
    }

    [Fact]
    public void No_line_is_wider_than_the_terminal_whatever_it_says()
    {
        string[] names = ["", "a", "中文/很长的文件名字在这里.txt", new string('x', 300), "e\u0301🙂\e[31m"];
        foreach (string name in names)
        {
            foreach (long? total in (long?[])[null, 0, 1, 100_000_000, long.MaxValue])
            {
                foreach (int? files in (int?[])[null, 1, 1_000_000])
                {
                    for (int width = 1; width < 130; width++)
                    {
                        string line = (Half with { Name = name, TotalBytes = total, TotalFiles = files }).Render(width);
                        Assert.True(Cells.Of(line) <= width, $"{width}: '{line}'");
                        Assert.DoesNotContain(line, char.IsControl);
                    }
                }
            }
        }
    }

    [Fact]
    public void Time_left_is_said_in_hours_minutes_and_seconds()
    {
        Assert.Equal("0:00", ProgressLine.Time(0.4));
        Assert.Equal("1:05", ProgressLine.Time(65));
        Assert.Equal("2:00:01", ProgressLine.Time(7201));
        Assert.Contains("-:--", (Half with { Rate = 0 }).Render(79), StringComparison.Ordinal);
    }
}
