namespace Dialtone.Cli;

/// <summary>Everything the tool does.</summary>
internal static class VerbTable
{
    public static IReadOnlyList<string> FirstSteps { get; } =
    [
        "dialtone serve",
        "dialtone serve upper --listen tcp://127.0.0.1:9000",
        "dialtone call tcp://127.0.0.1:9000",
    ];

    public static IReadOnlyList<Verb> All { get; } =
    [
        FilesVerb.Files,
        ServeVerbs.Upper,
        ServeVerbs.Echo,
        ExecVerbs.Serve,
        ChatVerbs.Serve,
        .. FileVerbs.All,
        CallVerb.Call,
        ExecVerbs.Exec,
        ChatVerbs.Chat,
        StructVerbs.Pack,
        StructVerbs.Unpack,
        UserVerbs.Add,
        UserVerbs.Set,
        UserVerbs.Passwd,
        UserVerbs.Remove,
        UserVerbs.List,
        ConfigVerbs.Check,
        KeyVerbs.New,
        KeyVerbs.Show,
    ];
}
