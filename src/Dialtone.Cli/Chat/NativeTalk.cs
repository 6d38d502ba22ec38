using System.Net.NetworkInformation;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>In the native protocol; goes on from a new socket when this machine's addresses change.</summary>
internal sealed class NativeTalk : IChatTalk
{
    private readonly ChatClient _client;
    private readonly Lock _gate = new();
    private Task _moving = Task.CompletedTask; // under _gate
    private bool _isOver;                      // under _gate

    public NativeTalk(ChatClient client)
    {
        _client = client;
        NetworkChange.NetworkAddressChanged += AddressesChanged;
    }

    public ChatClient Native => _client;

    public string? Room { get; set; }

    public IAsyncEnumerable<ChatEvent> ReadAllAsync(CancellationToken cancellationToken) => _client.ReadAllAsync(cancellationToken);

    public Task<ChatReceipt> SendAsync(string text, string? room, string? to) => _client.SendAsync(text, room, to);

    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= AddressesChanged;
        Task moving;
        lock (_gate)
            (_isOver, moving) = (true, _moving);
        await moving;
        await _client.DisposeAsync();
    }

    private void AddressesChanged(object? sender, EventArgs e)
    {
        lock (_gate)
        {
            if (!_isOver)
                _moving = MoveAsync(_moving);
        }
    }

    /// <summary>After the move before; changes come in flocks.</summary>
    private async Task MoveAsync(Task before)
    {
        await before;
        try
        {
            await _client.MoveAsync();
        }
        catch (TransportException)
        {
            // No way there at the moment; the next change may bring one.
        }
    }
}
