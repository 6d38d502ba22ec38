namespace Dialtone.Files;

/// <summary>Gets files from the tutorials' server by text, and puts them where the server is ours.</summary>
internal sealed class TextDialectClient : IDialectClient
{
    private static readonly AnswerForms GetAnswers = new("FileTransfer|", "FileTransfer|get|ready|", "FileTransfer|get|file doesn't exist");
    private static readonly AnswerForms PutAnswers = new("FileTransfer|", "FileTransfer|get|ready|", "FileTransfer|put|recv_ready");

    private readonly UnframedCall _call;

    private TextDialectClient(UnframedCall call) => _call = call;

    public static async Task<IDialectClient> ConnectAsync(Address address, DialectClientOptions options, CancellationToken cancellationToken)
    {
        Connection call = await DialectClient.DialAsync(address, options, cancellationToken).ConfigureAwait(false);
        return new TextDialectClient(new UnframedCall(call, options.Dial.Time));
    }

    public async Task<long> GetAsync(string path, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        string answer = await _call.AskAsync($"FileTransfer|get|{DialectClient.Field(path)}", GetAnswers, cancellationToken).ConfigureAwait(false);
        long size = UnframedCall.SizeIn(answer, GetAnswers) ?? throw new FileException(FileError.NotFound, "The server has no such file.");
        await _call.ReceiveAsync("FileTransfer|get|recv_ready", size, destination, progress, cancellationToken).ConfigureAwait(false);
        return size;
    }

    public async Task PutAsync(Stream source, long size, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        string answer = await _call.AskAsync($"FileTransfer|put|{DialectClient.Field(path)}|{size}", PutAnswers, cancellationToken).ConfigureAwait(false);
        if (answer != "FileTransfer|put|recv_ready")
            throw new FileException(FileError.Denied, "The server does not take the file.");
        await _call.SendAsync(source, size, progress, cancellationToken).ConfigureAwait(false);
    }

    public Task<string> ListAsync(string path = "", CancellationToken cancellationToken = default) => Task.FromException<string>(Unsupported());

    public Task RemoveAsync(string path, CancellationToken cancellationToken = default) => Task.FromException(Unsupported());

    public Task<string> ChangeFolderAsync(string path = "", CancellationToken cancellationToken = default) => Task.FromException<string>(Unsupported());

    public ValueTask DisposeAsync() => _call.DisposeAsync();

    private static FileException Unsupported() => new(FileError.Unsupported, "The text dialect can only get and put.");
}
