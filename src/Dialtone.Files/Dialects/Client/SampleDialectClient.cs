using System.Text;

namespace Dialtone.Files;

/// <summary>Talks to the tutorials' fuller server: log-in, get, put, list, delete, change folder.</summary>
internal sealed class SampleDialectClient : IDialectClient
{
    /// <summary>The longest listing taken, in bytes.</summary>
    private const int MaxListingBytes = 16 * 1024 * 1024;

    private static readonly AnswerForms LoginAnswers = new("ftp_authentication::", "\0", "ftp_authentication::success", "ftp_authentication::failed");
    private static readonly AnswerForms GetAnswers = new("file_transfer::", "file_transfer::get_file::send_ready::");
    private static readonly AnswerForms PutAnswers = new("file_transfer::", "\0", "file_transfer::put_file::recv_ready");
    private static readonly AnswerForms ListAnswers = new("message_transfer::", "message_transfer::ready::");
    private static readonly AnswerForms FolderAnswers = new("switch_dir::", "\0");

    private readonly UnframedCall _call;

    private SampleDialectClient(UnframedCall call) => _call = call;

    public static async Task<IDialectClient> ConnectAsync(Address address, DialectClientOptions options, CancellationToken cancellationToken)
    {
        string user = Credential(options.User, "name");
        string password = Credential(options.Password, "password");
        Connection connection = await DialectClient.DialAsync(address, options, cancellationToken).ConfigureAwait(false);
        var call = new UnframedCall(connection, options.Dial.Time);
        try
        {
            string answer = await call.AskAsync($"ftp_authentication|{user}|{password}", LoginAnswers, cancellationToken).ConfigureAwait(false);
            return answer == "ftp_authentication::success"
                ? new SampleDialectClient(call)
                : throw new FileException(FileError.LoginFailed, "The server does not accept the name and password.");
        }
        catch
        {
            await call.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<long> GetAsync(string path, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        string answer = await _call.AskAsync($"file_transfer|get|{DialectClient.Field(path)}", GetAnswers, cancellationToken).ConfigureAwait(false);
        long size = UnframedCall.SizeIn(answer, GetAnswers) ?? throw new FileException(FileError.NotFound, "The server has no such file.");
        await _call.ReceiveAsync("file_transfer::get_file::recv_ready", size, destination, progress, cancellationToken).ConfigureAwait(false);
        return size;
    }

    public async Task PutAsync(Stream source, long size, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        string answer = await _call.AskAsync($"file_transfer|put|send_ready|{DialectClient.Field(path)}|{size}", PutAnswers, cancellationToken).ConfigureAwait(false);
        if (answer != "file_transfer::put_file::recv_ready")
        {
            throw answer.EndsWith("quota exceeded", StringComparison.Ordinal)
                ? new FileException(FileError.QuotaExceeded, "The file does not fit into the account's quota.")
                : new FileException(FileError.Denied, "The server does not take the file.");
        }

        await _call.SendAsync(source, size, progress, cancellationToken).ConfigureAwait(false);
    }

    public async Task<string> ListAsync(string path = "", CancellationToken cancellationToken = default)
    {
        string argument = path.Trim('/').Length == 0 ? "" : ShellWords.Quote(DialectClient.Field(path)); // their servers hand it to a shell
        string answer = await _call.AskAsync($"list_file|{argument}", ListAnswers, cancellationToken).ConfigureAwait(false);
        long size = UnframedCall.SizeIn(answer, ListAnswers) ?? throw new FileException(FileError.Failed, "The server does not list the folder.");
        if (size > MaxListingBytes)
            throw new FileException(FileError.Limit, $"The listing is longer than {MaxListingBytes} bytes.");
        using var text = new MemoryStream();
        await _call.ReceiveAsync("message_transfer::ready::client", size, text, null, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    public async Task RemoveAsync(string path, CancellationToken cancellationToken = default)
    {
        await _call.RequestAsync($"delete_file|{ShellWords.Quote(DialectClient.Field(path))}", cancellationToken).ConfigureAwait(false);
        await _call.PauseAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<string> ChangeFolderAsync(string path = "", CancellationToken cancellationToken = default)
    {
        bool isHome = path.Trim('/').Length == 0;
        string answer = await _call.AskAsync(isHome ? "switch_dir|cd" : $"switch_dir|cd {DialectClient.Field(path)}", FolderAnswers, cancellationToken).ConfigureAwait(false);
        const string Ok = "switch_dir::ok::";
        if (!answer.StartsWith(Ok, StringComparison.Ordinal))
            throw new FileException(FileError.NotFound, "The server has no such folder.");
        return answer.Length == Ok.Length ? "/" : answer[Ok.Length..];
    }

    public ValueTask DisposeAsync() => _call.DisposeAsync();

    private static string Credential(string value, string what) => value.Any(c => char.IsControl(c) || c == '|') || value != value.Trim()
        ? throw new FileException(FileError.LoginFailed, $"This dialect cannot say the {what}: it holds '|' or a control character, or begins or ends in white space.")
        : value;
}
