"""A long short-term memory whose states are maps, along the last axis."""

from typing import Any

import torch
from torch import Tensor, nn


def thin(dims: int, inputs: int, outputs: int, kernel: int = 3) -> nn.Module:
    """A convolution within the slices of a stack: `kernel` along all axes but the last."""
    sides: Any = (*(kernel,) * (dims - 1), 1)
    halves: Any = tuple(side // 2 for side in sides)
    return (nn.Conv2d if dims == 2 else nn.Conv3d)(inputs, outputs, sides, padding=halves)


class ConvLSTM(nn.Module):
    """Convolutional LSTM (Shi et al. 2015, eq. 3, without peepholes), read both ways along the last axis.

    Takes a stack (B, C, *S), its last axis being slices or time, and gives (B, `width`, *S): the sum of the states of
    both directions.
    """

    def __init__(self, inputs: int, width: int, dims: int):
        super().__init__()
        self.width = width
        self.gates = nn.ModuleList(thin(dims, inputs + width, 4 * width) for _ in range(2))

    def forward(self, stack: Tensor) -> Tensor:
        """Read the stack both ways."""
        forth = self.read(stack, self.gates[0])
        back = self.read(stack.flip(-1), self.gates[1]).flip(-1)
        return forth + back

    def read(self, stack: Tensor, gates: nn.Module) -> Tensor:
        """Read the stack from its first slice to its last."""
        state = stack.new_zeros(len(stack), self.width, *stack.shape[2:-1], 1)
        cell, states = state, []
        for slice_ in stack.split(1, -1):
            into, keep, out, new = gates(torch.cat([slice_, state], 1)).chunk(4, 1)
            cell = torch.sigmoid(keep) * cell + torch.sigmoid(into) * torch.tanh(new)
            state = torch.sigmoid(out) * torch.tanh(cell)
            states.append(state)
        return torch.cat(states, -1)
