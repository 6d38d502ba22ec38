using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dialtone.Commands;

/// <summary>A file of rules as it is written.</summary>
internal sealed record PolicyFile
{
    public List<RuleFile>? Rules { get; init; }
}

/// <summary>A rule as it is written.</summary>
internal sealed record RuleFile
{
    public string? Name { get; init; }

    public string? Program { get; init; }

    public List<JsonElement>? Arguments { get; init; }

    public List<string>? Users { get; init; }

    public string? Folder { get; init; }

    public Dictionary<string, string>? Environment { get; init; }

    public List<string>? AllowEnvironment { get; init; }

    public bool Terminal { get; init; }

    public string? Umask { get; init; }

    public double? Seconds { get; init; }

    public double? CpuSeconds { get; init; }

    public long? OutputBytes { get; init; }

    public int? Processes { get; init; }

    public long? MemoryBytes { get; init; }
}

/// <summary>An argument's shape as it is written, unless it is a fixed word.</summary>
internal sealed record ShapeFile
{
    public RangeFile? Integer { get; init; }

    public string? Path { get; init; }

    public List<string>? OneOf { get; init; }

    public string? Pattern { get; init; }

    public bool Optional { get; init; }

    public bool Repeat { get; init; }

    public bool Dash { get; init; }
}

/// <summary>A range of whole numbers as it is written.</summary>
internal sealed record RangeFile
{
    public long? Min { get; init; }

    public long? Max { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PolicyFile))]
[JsonSerializable(typeof(ShapeFile))]
internal sealed partial class PolicyJson : JsonSerializerContext
{
    /// <summary>A key that is not known or stands twice is an error: what it was meant to forbid would be allowed.</summary>
    public static PolicyJson Strict { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 16,
    });
}
