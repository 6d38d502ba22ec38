using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Dialtone.Cli;

/// <summary>Flags of a verb that stand in a JSON file, under their names without the dashes.</summary>
/// <remarks>
/// Comments and a comma after the last entry are fine. A name that is unknown or stands twice, and a value of the wrong kind, are mistakes: nothing is
/// passed over in silence. Files and folders are relative to the folder of the config file, so that it means the same wherever the server is started.
/// </remarks>
internal sealed class ConfigFile
{
    /// <summary>The longest config file, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private readonly Dictionary<Flag, (List<object> Values, int Line)> _settings = [];
    private readonly List<Mistake> _mistakes = [];
    private readonly Verb _verb;
    private readonly byte[] _content;

    private ConfigFile(string path, byte[] content, Verb verb) => (Path, _content, _verb) = (path, content, verb);

    public string Path { get; }

    /// <summary>All that is wrong, in the order of the file. After an error of syntax the rest is not read.</summary>
    public IReadOnlyList<Mistake> Mistakes => _mistakes;

    /// <summary>Whether all of it could be read; otherwise what stands behind the last mistake is not known.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads a config file for a verb.</summary>
    /// <exception cref="CliException">The file cannot be read.</exception>
    public static ConfigFile Read(string path, Verb verb)
    {
        var config = new ConfigFile(path, Load(path), verb);
        config.Parse();
        return config;
    }

    /// <summary>Adds what stands in the file and not on the command line: the command line wins, flag by flag.</summary>
    public void ApplyTo(Arguments arguments)
    {
        foreach ((Flag flag, (List<object> values, _)) in _settings)
        {
            if (arguments.Has(flag))
                continue;
            foreach (object value in values)
                arguments.Add(flag, value);
        }
    }

    /// <summary>The line on which a flag stands; 1 for one that does not.</summary>
    public int LineOf(Flag flag) => _settings.TryGetValue(flag, out (List<object> Values, int Line) setting) ? setting.Line : 1;

    // file     = object of setting
    // setting  = name ":" ( value | array of value )       ; several values only where the flag repeats
    // value    = true | false for a switch; a number for a number; a number or a string for a size; a string for all others
    private void Parse()
    {
        if (!Utf8.IsValid(_content))
        {
            int good = 0;
            foreach (Range line in _content.AsSpan().Split((byte)'\n'))
            {
                if (!Utf8.IsValid(_content.AsSpan()[line]))
                    break;
                good++;
            }

            _mistakes.Add(new Mistake(good + 1, "This is not UTF-8."));
            return;
        }

        var reader = new Utf8JsonReader(_content, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                Blame(ref reader, "A config file is one JSON object: { \"root\": \"/srv/files\" }.");
                return;
            }

            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                ReadSetting(ref reader, seen);
            while (reader.Read())
            {
                // Only comments may follow; the reader says so.
            }

            IsWhole = true;
        }
        catch (JsonException e)
        {
            string message = e.Message.Split(" LineNumber:")[0];
            _mistakes.Add(new Mistake((int)(e.LineNumber ?? 0) + 1, $"This is not JSON: {message}"));
        }
        catch (InvalidOperationException)
        {
            Blame(ref reader, "This text holds half of a surrogate pair.");
        }
    }

    private void ReadSetting(ref Utf8JsonReader reader, Dictionary<string, int> seen)
    {
        string name = reader.GetString()!;
        int line = Line(reader.TokenStartIndex);
        Flag? flag = _verb.Flags.SelectMany(group => group.Flags).FirstOrDefault(flag => flag.Name == $"--{name}" && flag.IsSetting);
        bool isFirst = seen.TryAdd(name, line);
        if (flag is null)
            _mistakes.Add(new Mistake(line, Unknown(name)));
        else if (!isFirst)
            _mistakes.Add(new Mistake(line, $"{name} stands here a second time; the first is in line {seen[name]}."));
        reader.Read();
        if (flag is null || !isFirst)
        {
            reader.Skip();
            return;
        }

        var values = new List<object>();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            ReadValue(ref reader, flag, values);
        }
        else if (!flag.Repeats)
        {
            Blame(ref reader, $"{name} has one value, not a list.");
            reader.Skip();
        }
        else
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                ReadValue(ref reader, flag, values);
        }

        if (values.Count > 0)
            _settings[flag] = (values, line);
    }

    private void ReadValue(ref Utf8JsonReader reader, Flag flag, List<object> values)
    {
        string name = flag.Name[2..];
        switch (reader.TokenType)
        {
            case JsonTokenType.True or JsonTokenType.False when flag.Value is null:
                if (reader.TokenType == JsonTokenType.True)
                    values.Add(true);
                return;
            case JsonTokenType.Number when flag.TakesNumber:
                Add(ref reader, Encoding.UTF8.GetString(reader.ValueSpan));
                return;
            case JsonTokenType.String when flag.TakesText:
                string text = reader.GetString()!;
                Add(ref reader, flag.IsPath && text.Length > 0 ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, text) : text);
                return;
            default:
                string kind = flag switch
                {
                    { Value: null } => "true or false",
                    { TakesText: false } => "a number, without quotes",
                    { Repeats: true } => "text in quotes, or a list of such",
                    _ => "text in quotes",
                };
                Blame(ref reader, $"{name} needs {kind}.");
                reader.Skip();
                return;
        }

        void Add(ref Utf8JsonReader reader, string text)
        {
            try
            {
                values.Add(flag.Read(text));
            }
            catch (FormatException e)
            {
                Blame(ref reader, $"{name}: {e.Message}");
            }
        }
    }

    private string Unknown(string name)
    {
        IEnumerable<string> names = _verb.Flags.SelectMany(group => group.Flags).Where(flag => flag.IsSetting).Select(flag => flag.Name[2..]);
        if (name.StartsWith("--", StringComparison.Ordinal) && names.Contains(name[2..]))
            return $"Names stand here without their dashes: {name[2..]}.";
        string advice = Spelling.Nearest(name, names) is { } near ? $"Did you mean {near}?" : $"'dialtone {_verb.Name} --help' lists what there is.";
        return $"There is no setting '{Printable.Of(name)}'. {advice}";
    }

    private void Blame(ref Utf8JsonReader reader, string message) => _mistakes.Add(new Mistake(Line(reader.TokenStartIndex), message));

    private int Line(long offset) => 1 + _content.AsSpan(0, (int)offset).Count((byte)'\n');

    private static byte[] Load(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] content = new byte[MaxBytes + 1];
            int count = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            if (count > MaxBytes)
                throw new CliException(ExitCode.Files, $"The config file {path} is longer than {MaxBytes} bytes.");
            int start = content.AsSpan(0, count).StartsWith("\uFEFF"u8) ? 3 : 0;
            return content[start..count];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The config file {path} cannot be read: {e.Message}");
        }
    }
}
