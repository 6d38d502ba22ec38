using System.Globalization;
using System.Text;

namespace Dialtone.Cli;

/// <summary>How far a transfer is, as one line of a terminal.</summary>
internal sealed record ProgressLine
{
    private const string Eighths = " ▏▎▍▌▋▊▉█";
    private const int NarrowestBar = 8;
    private const int WidestBar = 30;
    private const int NarrowestName = 8;

    /// <summary>What is moved now; may be empty.</summary>
    public string Name { get; init; } = "";

    public long Bytes { get; init; }

    /// <summary>Null where nobody knows.</summary>
    public long? TotalBytes { get; init; }

    public int Files { get; init; }

    public int? TotalFiles { get; init; }

    /// <summary>Bytes a second.</summary>
    public double Rate { get; init; }

    /// <summary>The line in at most so many cells: on a narrow terminal first the name goes, then the bar, then the rest from the right.</summary>
    public string Render(int width)
    {
        string facts = Facts();
        int room = width - Cells.Of(facts);
        bool hasBar = TotalBytes > 0 && room >= NarrowestBar + 1;
        if (!hasBar)
            return room > NarrowestName ? $"{Cells.PadRight(ShortName(room - 1), Math.Min(room - 1, Cells.Of(Name)))} {facts}".TrimStart() : Cells.Fit(facts, width);
        int name = room - NarrowestBar - 2 >= NarrowestName && Name.Length > 0 ? Math.Min(Math.Max(room / 2, NarrowestName), room - NarrowestBar - 2) : 0;
        int bar = Math.Min(room - 1 - (name > 0 ? name + 1 : 0), WidestBar);
        string head = name > 0 ? Cells.PadRight(ShortName(name), name) + " " : "";
        return $"{head}{Bar(bar)} {facts}";
    }

    public void WriteJson() => JsonLine.Write(json =>
    {
        json.WriteString("type"u8, "progress");
        json.WriteString("path"u8, Name);
        json.WriteNumber("bytes"u8, Bytes);
        if (TotalBytes is { } bytes)
            json.WriteNumber("total_bytes"u8, bytes);
        json.WriteNumber("files"u8, Files);
        if (TotalFiles is { } files)
            json.WriteNumber("total_files"u8, files);
        json.WriteNumber("rate"u8, Math.Round(Rate));
    });

    /// <summary>A time in hours, minutes and seconds.</summary>
    public static string Time(double seconds) => seconds switch
    {
        >= 100 * 3600 => "days",
        >= 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 3600}:{(int)seconds / 60 % 60:00}:{(int)seconds % 60:00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60}:{(int)seconds % 60:00}"),
    };

    private string Facts()
    {
        var facts = new StringBuilder();
        if (TotalBytes is > 0 and { } total)
            facts.Append(CultureInfo.InvariantCulture, $"{(int)Math.Min(100, 100.0 * Bytes / total),3}%  ");
        facts.Append(CultureInfo.InvariantCulture, $"{ByteSize.Format(Bytes),7}  {ByteSize.Format(Rate) + "/s",9}");
        if (TotalBytes is { } whole)
            facts.Append(CultureInfo.InvariantCulture, $"  {(Rate > 0 ? Time(Math.Max(0, whole - Bytes) / Rate) : "-:--"),5}");
        if (TotalFiles is > 1 and { } files)
            facts.Append(CultureInfo.InvariantCulture, $"  {Files}/{files} files");
        else if (TotalFiles is null && Files > 0)
            facts.Append(CultureInfo.InvariantCulture, $"  {Files} files");
        return facts.ToString();
    }

    private string ShortName(int cells) => Cells.Fit(Printable.Of(Name), cells);

    private string Bar(int cells)
    {
        int eighths = (int)Math.Min(cells * 8L, (long)(cells * 8.0 * Bytes / Math.Max(1, TotalBytes ?? 1)));
        var bar = new StringBuilder(cells);
        bar.Append('█', eighths / 8);
        if (eighths % 8 > 0)
            bar.Append(Eighths[eighths % 8]);
        return bar.Append('░', cells - bar.Length).ToString();
    }
}
