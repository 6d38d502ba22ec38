using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Dialtone.Files;

/// <summary>Reads an accounts file strictly: what it does not know, twice or wrong, it refuses, and says the line. A rule half understood is a rule not kept.</summary>
internal ref struct AccountsReader
{
    internal const int Version = 1;
    internal const string DateFormat = "yyyy-MM-dd";
    internal const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _text;
    private Utf8JsonReader _json;

    internal AccountsReader(string path, ReadOnlySpan<byte> text)
    {
        _path = path;
        _text = text.StartsWith("\uFEFF"u8) ? text[3..] : text; // what some editors begin a file with
        _json = new Utf8JsonReader(_text, new JsonReaderOptions { MaxDepth = 8 });
    }

    internal (byte[] Secret, Account[] Accounts) Read()
    {
        try
        {
            return ReadFile();
        }
        catch (JsonException e)
        {
            // Its message would quote the file.
            throw new TrustException(TrustError.FileMalformed, $"{_path}:{1 + (e.LineNumber ?? 0)}: this is not JSON.", e);
        }
    }

    private (byte[] Secret, Account[] Accounts) ReadFile()
    {
        byte[]? secret = null;
        List<Account>? accounts = null;
        bool hasVersion = false;
        Next();
        var keys = BeginObject("The file");
        while (NextKey(keys, out string? key))
        {
            switch (key)
            {
                case "version":
                    if (Number("version") != Version)
                        throw Wrong($"this program reads version {Version}.");
                    hasVersion = true;
                    break;
                case "secret":
                    secret = Secret();
                    break;
                case "accounts":
                    accounts = Accounts();
                    break;
                default:
                    throw Unknown("version, secret, accounts");
            }
        }

        if (!hasVersion || secret is null || accounts is null)
            throw Wrong("version, secret or accounts is missing.");
        if (_json.Read())
            throw Wrong("something follows the end.");
        return (secret, [.. accounts]);
    }

    private byte[] Secret()
    {
        Expect(JsonTokenType.String, "secret is base64.");
        return _json.TryGetBytesFromBase64(out byte[]? secret) && secret.Length >= ScramAccounts.MinSecretBytes
            ? secret
            : throw Wrong($"secret is base64 of at least {ScramAccounts.MinSecretBytes} bytes.");
    }

    private List<Account> Accounts()
    {
        Expect(JsonTokenType.StartArray, "accounts is a list.");
        var accounts = new List<Account>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var keyOwners = new HashSet<string>(StringComparer.Ordinal);
        while (Next() != JsonTokenType.EndArray)
        {
            Account account = Account();
            if (!names.Add(account.Name))
                throw Wrong("the name of this account was used above.");
            if (!account.Keys.All(keyOwners.Add))
                throw Wrong("a key of this account was used above.");
            accounts.Add(account);
        }

        return accounts;
    }

    private Account Account()
    {
        string? name = null;
        VirtualPath? home = null;
        ScramVerifier? password = null;
        List<string> keys = [];
        Dictionary<VirtualPath, FileRights>? rights = null;
        Quota? quota = null;
        DateTimeOffset? expires = null;
        var seen = BeginObject("An account");
        while (NextKey(seen, out string? key))
        {
            switch (key)
            {
                case "name":
                    name = Text("name");
                    if (AccountRules.CheckName(name) is { } problem)
                        throw Wrong(problem);
                    break;
                case "password":
                    if (!ScramVerifier.TryParse(Text("password"), out password))
                        throw Wrong("password is a verifier that 'user passwd' makes (SCRAM-SHA-256$…), never a password.");
                    break;
                case "keys":
                    keys = Keys();
                    break;
                case "home":
                    if (!AccountRules.TryParseHome(Text("home"), out home, out string? notHome))
                        throw Wrong(notHome);
                    break;
                case "rights":
                    rights = Rights();
                    break;
                case "quota":
                    quota = Quota();
                    break;
                case "expires":
                    expires = Expires();
                    break;
                default:
                    throw Unknown("name, password, keys, home, rights, quota, expires");
            }
        }

        if (name is null || home is null)
            throw Wrong("an account has a name and a home.");
        var account = new Account { Name = name, Home = home, Password = password, Keys = keys, Quota = quota, Expires = expires };
        return rights is null ? account : account with { Rights = rights };
    }

    private List<string> Keys()
    {
        Expect(JsonTokenType.StartArray, "keys is a list.");
        var keys = new List<string>();
        while (Next() != JsonTokenType.EndArray)
        {
            string? key = _json.TokenType == JsonTokenType.String ? _json.GetString() : null;
            if (!CertificateFingerprint.IsFingerprint(key))
                throw Wrong("a key is a fingerprint: SHA256: and 43 characters.");
            keys.Add(key!);
        }

        return keys;
    }

    private Dictionary<VirtualPath, FileRights> Rights()
    {
        var rights = new Dictionary<VirtualPath, FileRights>();
        Next();
        if (_json.TokenType == JsonTokenType.String)
        {
            rights[VirtualPath.Root] = Words();
            return rights;
        }

        var seen = BeginObject("rights");
        while (NextKey(seen, out string? folder))
        {
            if (!AccountRules.TryParseFolder(folder, "A folder of rights", out VirtualPath? path, out string? problem))
                throw Wrong(problem);
            Expect(JsonTokenType.String, "rights are words.");
            if (!rights.TryAdd(path, Words()))
                throw Wrong("this folder has rights above.");
        }

        return rights;
    }

    private readonly FileRights Words() => FileRightsText.TryParse(_json.GetString(), out FileRights rights, out string? problem) ? rights : throw Wrong(problem);

    private Quota Quota()
    {
        long? bytes = null;
        long? files = null;
        Next();
        var seen = BeginObject("quota");
        while (NextKey(seen, out string? key))
        {
            switch (key)
            {
                case "bytes":
                    bytes = Number("bytes");
                    break;
                case "files":
                    files = Number("files");
                    break;
                default:
                    throw Unknown("bytes, files");
            }
        }

        return bytes is null && files is null ? throw Wrong("a quota names bytes, files or both; without it nothing is limited.") : new Quota(bytes, files);
    }

    private DateTimeOffset Expires()
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(Text("expires"), [DateFormat, TimeFormat], CultureInfo.InvariantCulture, utc, out DateTimeOffset time)
            ? time
            : throw Wrong("expires is a day such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z; the account ends when it begins.");
    }

    private string Text(string what)
    {
        Expect(JsonTokenType.String, $"{what} is a text.");
        return _json.GetString()!;
    }

    private long Number(string what)
    {
        Expect(JsonTokenType.Number, $"{what} is a number.");
        return _json.TryGetInt64(out long number) && number >= 0 ? number : throw Wrong($"{what} is a whole number, 0 or more; 0 allows nothing.");
    }

    private void Expect(JsonTokenType type, string otherwise)
    {
        if (Next() != type)
            throw Wrong(otherwise);
    }

    private readonly HashSet<string> BeginObject(string what) =>
        _json.TokenType == JsonTokenType.StartObject ? new HashSet<string>(StringComparer.Ordinal) : throw Wrong($"{what} is an object in braces.");

    private bool NextKey(HashSet<string> seen, [NotNullWhen(true)] out string? key)
    {
        key = null;
        if (Next() == JsonTokenType.EndObject)
            return false;
        key = _json.GetString()!;
        return seen.Add(key) ? true : throw Wrong("this key stands here for the second time.");
    }

    private JsonTokenType Next() => _json.Read() ? _json.TokenType : throw Wrong("the file ends too early.");

    private readonly TrustException Unknown(string known) => Wrong($"unknown key; known here: {known}.");

    private readonly TrustException Wrong(string problem)
    {
        int at = (int)Math.Min(_json.TokenStartIndex, _text.Length);
        int line = 1 + _text[..at].Count((byte)'\n');
        return new TrustException(TrustError.FileMalformed, $"{_path}:{line}: {problem}");
    }
}
