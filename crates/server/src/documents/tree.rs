//! A page's elements, as the parser builds them.

use std::{
    borrow::Cow,
    cell::RefCell,
    rc::{Rc, Weak},
};

use html5ever::{
    Attribute, ExpandedName, ParseOpts, QualName, parse_document,
    tendril::{StrTendril, TendrilSink},
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
};

/// An element, a text, or (without name and text) what nobody sees: a comment, or the document.
#[derive(Default)]
pub struct Node {
    name: Option<QualName>,
    attributes: RefCell<Vec<Attribute>>,
    text: RefCell<String>,
    parent: RefCell<Weak<Node>>,
    children: RefCell<Vec<Rc<Node>>>,
    /// What a `template` holds, which is no part of the page.
    template: Option<Rc<Node>>,
}

impl Node {
    /// The element's name; empty for what is none.
    pub fn tag(&self) -> &str {
        self.name.as_ref().map_or("", |name| &name.local)
    }

    pub fn attribute(&self, name: &str) -> Option<String> {
        let attributes = self.attributes.borrow();
        attributes.iter().find(|attribute| &*attribute.name.local == name).map(|found| found.value.to_string())
    }

    pub fn text(&self) -> String {
        self.text.borrow().clone()
    }

    pub fn children(&self) -> Vec<Rc<Self>> {
        self.children.borrow().clone()
    }
}

/// A page's document. It is not taken apart again: a page may be nested so deep that doing so would need too much stack.
pub fn parse(html: &str) -> Rc<Node> {
    let document = parse_document(Sink::default(), ParseOpts::default()).one(html);
    std::mem::forget(Rc::clone(&document));
    document
}

#[derive(Default)]
struct Sink {
    document: Rc<Node>,
}

impl Sink {
    fn detach(node: &Rc<Node>) -> Option<(Rc<Node>, usize)> {
        let parent = node.parent.take().upgrade()?;
        let place = parent.children.borrow().iter().position(|child| Rc::ptr_eq(child, node))?;
        parent.children.borrow_mut().remove(place);
        Some((parent, place))
    }

    /// Adds at a place among the children. Text joins the text before it.
    fn insert(parent: &Rc<Node>, place: usize, child: NodeOrText<Rc<Node>>) {
        let node = match child {
            NodeOrText::AppendNode(node) => {
                Self::detach(&node);
                node
            }
            NodeOrText::AppendText(text) => {
                let children = parent.children.borrow();
                let before = place.checked_sub(1).and_then(|before| children.get(before));
                if let Some(before) = before.filter(|node| node.name.is_none() && !node.text.borrow().is_empty()) {
                    before.text.borrow_mut().push_str(&text);
                    return;
                }
                Rc::new(Node { text: RefCell::new(text.to_string()), ..Node::default() })
            }
        };
        *node.parent.borrow_mut() = Rc::downgrade(parent);
        let place = place.min(parent.children.borrow().len());
        parent.children.borrow_mut().insert(place, node);
    }
}

impl TreeSink for Sink {
    type Handle = Rc<Node>;
    type Output = Rc<Node>;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Rc<Node> {
        self.document
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Rc<Node> {
        Rc::clone(&self.document)
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Node>) -> ExpandedName<'a> {
        const NOTHING: &QualName = &QualName { prefix: None, ns: html5ever::ns!(), local: html5ever::local_name!("") };
        target.name.as_ref().unwrap_or(NOTHING).expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Rc<Node> {
        Rc::new(Node {
            name: Some(name),
            attributes: RefCell::new(attributes),
            template: flags.template.then(Rc::default),
            ..Node::default()
        })
    }

    fn create_comment(&self, _: StrTendril) -> Rc<Node> {
        Rc::default()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Rc<Node> {
        Rc::default()
    }

    fn append(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        let end = parent.children.borrow().len();
        Self::insert(parent, end, child);
    }

    fn append_based_on_parent_node(&self, element: &Rc<Node>, previous: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        if element.parent.borrow().upgrade().is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Rc<Node>) -> Rc<Node> {
        target.template.clone().unwrap_or_default()
    }

    fn same_node(&self, one: &Rc<Node>, other: &Rc<Node>) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        if let NodeOrText::AppendNode(node) = &child {
            Self::detach(node);
        }
        let Some(parent) = sibling.parent.borrow().upgrade() else { return };
        let place = parent.children.borrow().iter().position(|child| Rc::ptr_eq(child, sibling));
        Self::insert(&parent, place.unwrap_or(usize::MAX), child);
    }

    fn add_attrs_if_missing(&self, target: &Rc<Node>, attributes: Vec<Attribute>) {
        let mut known = target.attributes.borrow_mut();
        for attribute in attributes {
            if !known.iter().any(|known| known.name == attribute.name) {
                known.push(attribute);
            }
        }
    }

    fn remove_from_parent(&self, target: &Rc<Node>) {
        Self::detach(target);
    }

    fn reparent_children(&self, node: &Rc<Node>, parent: &Rc<Node>) {
        for child in node.children.take() {
            *child.parent.borrow_mut() = Rc::downgrade(parent);
            parent.children.borrow_mut().push(child);
        }
    }
}
