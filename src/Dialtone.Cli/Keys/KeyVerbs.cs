using System.Security.Cryptography.X509Certificates;

namespace Dialtone.Cli;

/// <summary>Client keys: what logs in without a password.</summary>
internal static class KeyVerbs
{
    private static readonly Flag<string> Out = new("--out", "FILE", "Where the key is kept", Values.Text) { DefaultText = "~/.config/dialtone/key.pem" };

    private static readonly Flag<string> Name = new("--name", "NAME", "Whose key it is, for people to read; it grants nothing", Values.Text) { DefaultText = "you@this-machine" };

    public static Verb New { get; } = new("key new", "Make a client key, and print its fingerprint", NewAsync)
    {
        Flags = [new("Flags", Out, Name)],
        Details = ["The key's file has mode 0600 and never replaces another. Give the fingerprint to the server's operator; 'dialtone call tls://… --key FILE' shows the key."],
        Examples = ["dialtone key new", "dialtone key new --out backup.pem --name 'nightly backup'"],
    };

    public static Verb Show { get; } = new("key show", "Print the fingerprint of a client key", ShowAsync)
    {
        Operands = ["[FILE]…"],
        Details = ["Without FILE, of the key that 'dialtone key new' makes without --out."],
        Examples = ["dialtone key show"],
    };

    private static Task<ExitCode> NewAsync(Arguments arguments)
    {
        string path = arguments.Get(Out) ?? Folders.ClientKey;
        string name = arguments.Get(Name) ?? $"{Environment.UserName}@{Environment.MachineName}";
        try
        {
            using X509Certificate2 key = ClientKey.Create(path, name);
            Terminal.Out.WriteLine(CertificateFingerprint.Of(key));
        }
        catch (ArgumentException e) when (e.ParamName == "name")
        {
            throw CliException.Usage("--name: a name is 1 to 64 characters without control characters.");
        }

        Terminal.Say($"dialtone: the key is in {path}; give its fingerprint to the server's operator.");
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> ShowAsync(Arguments arguments)
    {
        IEnumerable<string> paths = arguments.Operands.Count > 0 ? arguments.Operands : [Folders.ClientKey];
        foreach (string path in paths)
        {
            using X509Certificate2 key = ClientKey.Load(path);
            string name = key.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            Terminal.Out.WriteLine($"{CertificateFingerprint.Of(key)} {name}");
        }

        return Task.FromResult(ExitCode.Done);
    }
}
