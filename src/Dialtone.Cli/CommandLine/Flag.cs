namespace Dialtone.Cli;

/// <summary>A flag as a row of a table: the parser and the help both read it.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Value">What stands behind it, as the help names it; null for a switch.</param>
/// <param name="Help">One sentence without a full stop.</param>
internal abstract record Flag(string Name, string? Value, string Help)
{
    /// <summary>May be given several times, and may have several values behind it.</summary>
    public bool Repeats { get; init; }

    /// <summary>Where it repeats: one value each time, so that an operand may stand behind it.</summary>
    public bool TakesOneEach { get; init; }

    /// <summary>Its values name files or folders; in a config file they are relative to the folder it is in.</summary>
    public bool IsPath { get; init; }

    /// <summary>Its short form, written with one dash; several short switches may share one.</summary>
    public char? Letter { get; init; }

    /// <summary>As the help shows it.</summary>
    public string? DefaultText { get; init; }

    /// <summary>May stand in a config file.</summary>
    public bool IsSetting { get; init; } = true;

    /// <summary>A config file may write its values as numbers, without quotes.</summary>
    public virtual bool TakesNumber => false;

    /// <summary>A config file may write its values as text, in quotes.</summary>
    public virtual bool TakesText => true;

    /// <summary>Reads a value.</summary>
    /// <exception cref="FormatException">It is none; the message says what one looks like.</exception>
    public abstract object Read(string text);
}

/// <summary>A flag whose values are of one type.</summary>
internal sealed record Flag<T>(string Name, string? Value, string Help, Func<string, T> Parse) : Flag(Name, Value, Help)
    where T : notnull
{
    public override bool TakesNumber => typeof(T) == typeof(int) || typeof(T) == typeof(TimeSpan) || typeof(T) == typeof(long); // a size is both: 1048576 and "1M"

    public override bool TakesText => Value is not null && typeof(T) != typeof(int) && typeof(T) != typeof(TimeSpan);

    public override object Read(string text) => Parse(text);
}
