//! The kinds of work that jobs are filed under: a closed, published list.

use crate::names;

names! {
    /// The kind of work a job asks for.
    pub enum Category {
        /// Articles, copy, editing.
        Writing = "writing",
        /// From one language into another.
        Translation = "translation",
        /// Logos, graphics, layouts.
        Design = "design",
        /// Drawings.
        Illustration = "illustration",
        /// Taking and retouching pictures.
        Photography = "photography",
        /// Filming, cutting, animation.
        Video = "video",
        /// Music, narration, sound.
        Music = "music",
        /// Sites and what runs behind them.
        WebDevelopment = "web_development",
        /// Programs for phones and desks.
        AppDevelopment = "app_development",
        /// Numbers and what they say.
        DataAnalysis = "data_analysis",
        /// Typing, sorting, transcribing.
        DataEntry = "data_entry",
        /// Campaigns, search engines, social media.
        Marketing = "marketing",
        /// Back office, calls, calendars.
        Administration = "administration",
        /// Advice by those who know.
        Consulting = "consulting",
        /// Lessons and courses.
        Teaching = "teaching",
        /// What fits nowhere else.
        Other = "other",
    }
}

impl Category {
    /// What English-speaking people read.
    pub const fn in_english(self) -> &'static str {
        match self {
            Self::Writing => "Writing",
            Self::Translation => "Translation",
            Self::Design => "Design",
            Self::Illustration => "Illustration",
            Self::Photography => "Photography",
            Self::Video => "Video",
            Self::Music => "Music and sound",
            Self::WebDevelopment => "Web development",
            Self::AppDevelopment => "App development",
            Self::DataAnalysis => "Data analysis",
            Self::DataEntry => "Data entry",
            Self::Marketing => "Marketing",
            Self::Administration => "Administration",
            Self::Consulting => "Consulting",
            Self::Teaching => "Teaching",
            Self::Other => "Other",
        }
    }

    /// What Japanese-speaking people read.
    pub const fn in_japanese(self) -> &'static str {
        match self {
            Self::Writing => "ライティング",
            Self::Translation => "翻訳",
            Self::Design => "デザイン",
            Self::Illustration => "イラスト",
            Self::Photography => "写真",
            Self::Video => "動画",
            Self::Music => "音楽・音響",
            Self::WebDevelopment => "Web開発",
            Self::AppDevelopment => "アプリ開発",
            Self::DataAnalysis => "データ分析",
            Self::DataEntry => "データ入力",
            Self::Marketing => "マーケティング",
            Self::Administration => "事務",
            Self::Consulting => "コンサルティング",
            Self::Teaching => "講師",
            Self::Other => "その他",
        }
    }
}
