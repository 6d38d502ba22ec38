using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dialtone.Commands;

/// <summary>A frame's header. PROTOCOL.md says which fields belong to which type; absent numbers are 0, unknown fields are ignored.</summary>
[JsonConverter(typeof(CommandFrameConverter))]
internal sealed record CommandFrame
{
    public const string Run = "run", Started = "started", Refused = "refused", Stdin = "stdin", Stdout = "stdout", Stderr = "stderr", Credit = "credit",
        Signal = "signal", Window = "window", Cancel = "cancel", Ended = "ended", Explain = "explain", Explained = "explained",
        Flow = "flow", Attach = "attach", Runs = "runs";

    /// <summary>Bytes of standard output, and of standard error, that may be on their way before the first credit.</summary>
    public const int OutputCredit = 4 * 1024 * 1024;

    /// <summary>The same of standard input.</summary>
    public const int InputCredit = 256 * 1024;

    /// <summary>Longest piece of a stream in one frame.</summary>
    public const int MaxPieceBytes = 1024 * 1024;

    /// <summary>Room for the words of a command.</summary>
    public const int MaxHeaderBytes = 1024 * 1024;

    public static JsonHeaderCodec<CommandFrame> Codec { get; } = Framing.JsonHeader(
        CommandJson.Default.CommandFrame,
        static frame => frame.Size,
        new JsonHeaderOptions { MaxHeaderBytes = MaxHeaderBytes, MaxBodyBytes = MaxPieceBytes, MaxSkippedBytes = MaxPieceBytes });

    public string Type { get; set; } = "";

    /// <summary>The caller's number for the command, 1 or more.</summary>
    public int Id { get; set; }

    /// <summary>Bytes of body behind this header.</summary>
    public int Size { get; set; }

    // flow: what datagrams are sealed with, and where they go
    public string? Session { get; set; }

    public string? Secret { get; set; }

    public int Port { get; set; }

    // run, explain
    public IReadOnlyList<string>? Command { get; set; }

    public string? Line { get; set; }

    public Dictionary<string, string>? Environment { get; set; }

    public string? Folder { get; set; }

    public double? TimeLimit { get; set; }

    public long? OutputLimit { get; set; }

    public TerminalFrame? Terminal { get; set; }

    public bool Keep { get; set; }

    // started, explained, attach
    /// <summary>"run" on the wire.</summary>
    public string? RunId { get; set; }

    public string? Rule { get; set; }

    public bool Allowed { get; set; }

    // runs
    public IReadOnlyList<KeptFrame>? Kept { get; set; }

    // refused, explained
    public string? Code { get; set; }

    public string? Message { get; set; }

    // stdin
    public bool End { get; set; }

    // credit: how much more of a stream may be sent; "stdin", "stdout" and "stderr" on the wire
    public int StdinCredit { get; set; }

    public int StdoutCredit { get; set; }

    public int StderrCredit { get; set; }

    // signal, and ended by one; "signal" on the wire
    public string? SignalName { get; set; }

    // ended
    public string? Reason { get; set; }

    public int? Status { get; set; }

    public StreamFrame? Output { get; set; }

    public StreamFrame? Error { get; set; }

    public double? Seconds { get; set; }

    public double? CpuSeconds { get; set; }

    public long MaxMemoryBytes { get; set; }

    public bool LeftProcessesBehind { get; set; }
}

/// <summary>A terminal's size and type.</summary>
internal sealed record TerminalFrame(int Columns, int Rows, string? Type);

/// <summary>A run that is kept.</summary>
internal sealed record KeptFrame(string Run, string Command, double Age, long Bytes, bool Attached, string? Reason, int? Status, string? Signal);

/// <summary>What passed through a stream.</summary>
internal sealed record StreamFrame(long Bytes, string Crc32c);

[JsonSerializable(typeof(CommandFrame))]
internal sealed partial class CommandJson : JsonSerializerContext;
