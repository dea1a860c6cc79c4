//! The page: components and the model behind them.
