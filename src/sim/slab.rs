//! A store with small reusable indices: no allocation in the steady state.

/// Items by index; freed indices are used again, last freed first.
#[derive(Clone, Debug)]
pub(super) struct Slab<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Stores `item` and returns its index.
    pub fn insert(&mut self, item: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.items[index as usize] = Some(item);
            return index;
        }
        self.items.push(Some(item));
        (self.items.len() - 1) as u32
    }
    /// Takes the item at `index` out.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let item = self.items.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some(item)
    }
    /// Drops the item at `index`, if there is one.
    pub fn forget(&mut self, index: u32) {
        if let Some(item) = self.items.get_mut(index as usize)
            && item.is_some()
        {
            *item = None;
            self.free.push(index);
        }
    }
    /// The item at `index`.
    pub fn get(&self, index: u32) -> Option<&T> {
        self.items.get(index as usize)?.as_ref()
    }
    /// The item at `index`, for changing.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.items.get_mut(index as usize)?.as_mut()
    }
    /// Items in index order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.items.iter().enumerate().filter_map(|(i, item)| Some((i as u32, item.as_ref()?)))
    }
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }
}
