using System.Globalization;
using System.Text;

namespace Dialtone.Files;

/// <summary>Entries in the shape of <c>ls -lh</c>, written by ourselves: no shell and no program is asked. Times are UTC.</summary>
internal static class LongListing
{
    private const int BlockBytes = 4096;
    private static readonly TimeSpan Recent = TimeSpan.FromDays(365.2425 / 2); // as ls: older ones show the year

    /// <summary>Entries with the <c>total</c> line in front.</summary>
    public static void AppendFolder(StringBuilder text, IReadOnlyList<FileEntry> entries, string owner, DateTimeOffset now)
    {
        long blocks = entries.Sum(entry => entry.Kind == FileKind.Folder ? BlockBytes : (entry.Size + BlockBytes - 1) / BlockBytes * BlockBytes);
        text.Append("total ").Append(HumanSize(blocks)).Append('\n');
        AppendEntries(text, entries, owner, now);
    }

    /// <summary>A line for each entry.</summary>
    public static void AppendEntries(StringBuilder text, IReadOnlyList<FileEntry> entries, string owner, DateTimeOffset now)
    {
        string[] sizes = [.. entries.Select(entry => HumanSize(entry.Kind == FileKind.Folder ? BlockBytes : entry.Size))];
        int width = sizes.Length == 0 ? 0 : sizes.Max(size => size.Length);
        for (int i = 0; i < sizes.Length; i++)
        {
            FileEntry entry = entries[i];
            text.Append(Letter(entry.Kind)).Append(Permissions(entry.Mode)).Append(" 1 ").Append(owner).Append(' ').Append(owner).Append(' ')
                .Append(sizes[i].PadLeft(width)).Append(' ').Append(Time(entry.Modified, now)).Append(' ');
            foreach (char c in entry.Name)
                text.Append(char.IsControl(c) ? '?' : c); // as ls shows them to a terminal
            text.Append('\n');
        }
    }

    /// <summary>A size as <c>-h</c> shows it: rounded up, one decimal below ten.</summary>
    internal static string HumanSize(long bytes)
    {
        if (bytes < 1024)
            return bytes.ToString(CultureInfo.InvariantCulture);
        decimal size = bytes;
        int unit = -1;
        while (decimal.Ceiling(size) >= 1024)
        {
            size /= 1024;
            unit++;
        }

        decimal tenths = decimal.Ceiling(size * 10) / 10;
        string number = tenths < 10 ? tenths.ToString("0.0", CultureInfo.InvariantCulture) : decimal.Ceiling(size).ToString("0", CultureInfo.InvariantCulture);
        return number + "KMGTPE"[unit];
    }

    private static char Letter(FileKind kind) => kind switch
    {
        FileKind.File => '-',
        FileKind.Folder => 'd',
        FileKind.Link => 'l',
        _ => '?',
    };

    private static string Permissions(UnixFileMode mode) => string.Create(9, (int)mode, static (span, bits) =>
    {
        for (int i = 0; i < 9; i++)
            span[i] = (bits & (0x100 >> i)) != 0 ? "rwx"[i % 3] : '-';
    });

    private static string Time(DateTimeOffset modified, DateTimeOffset now)
    {
        string time = modified <= now && now - modified < Recent
            ? modified.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)
            : modified.UtcDateTime.ToString(" yyyy", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{modified.UtcDateTime:MMM} {modified.UtcDateTime.Day,2} {time}");
    }
}
